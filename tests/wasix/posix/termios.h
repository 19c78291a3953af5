// What busybox includes; most of it is only declared.
#pragma once
typedef unsigned tcflag_t; typedef unsigned char cc_t; typedef unsigned speed_t;
struct termios { tcflag_t c_iflag, c_oflag, c_cflag, c_lflag; cc_t c_line, c_cc[32]; speed_t c_ispeed, c_ospeed; };
enum { VMIN = 6, VTIME = 5, VINTR = 0, VQUIT, VERASE, VKILL, VEOF, ICANON = 2, ECHO = 8, ECHONL = 64, ISIG = 1, IXON = 02000, ICRNL = 0400, INLCR = 0100, IUTF8 = 040000, ONLCR = 4, OPOST = 1, CSIZE = 060, CS8 = 060, PARENB = 0400, BRKINT = 2, TCSANOW = 0, TCSADRAIN = 1, TCSAFLUSH = 2, TCIFLUSH = 0, ECHOE = 020, ECHOK = 040, IEXTEN = 0100000, IXOFF = 010000, IXANY = 04000 };
struct winsize { unsigned short ws_row, ws_col, ws_xpixel, ws_ypixel; };
#define TIOCGWINSZ 0x5413
int tcgetattr(int, struct termios *); int tcsetattr(int, int, const struct termios *); int tcflush(int, int); 
