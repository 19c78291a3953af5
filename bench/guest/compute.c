// Work without system calls, in the manner of CoreMark: a linked list, a matrix, a state machine over text, a checksum of it all.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct node { struct node *next; int16_t key; int16_t value; };
static struct node nodes[2048];
static int32_t a[64][64], b[64][64], c[64][64];
static const char text[] = "5012,-874,+122,+15.5e3,-.123456,0x1f,T0.3e-1F,+2.e4,wrong,1e,99";

static uint16_t crc(uint32_t value, uint16_t sum) {
  for (int i = 0; i < 32; i++, value >>= 1) {
    int carry = (value ^ sum) & 1;
    sum >>= 1;
    if (carry) sum ^= 0xa001;
  }
  return sum;
}

static struct node *reverse(struct node *list) {
  struct node *done = 0;
  while (list) {
    struct node *next = list->next;
    list->next = done;
    done = list;
    list = next;
  }
  return done;
}

static int states(int seed) {
  enum { START, SIGN, INT, FLOAT, EXPONENT, WRONG } state = START;
  int counts[6] = {0};
  for (const char *p = text; *p; p++) {
    char ch = (*p + (seed & (p - text) & 1));
    if (ch == ',') { counts[state]++; state = START; continue; }
    switch (state) {
      case START: state = ch == '+' || ch == '-' ? SIGN : ch >= '0' && ch <= '9' ? INT : ch == '.' ? FLOAT : WRONG; break;
      case SIGN: state = ch >= '0' && ch <= '9' ? INT : ch == '.' ? FLOAT : WRONG; break;
      case INT: state = ch >= '0' && ch <= '9' ? INT : ch == '.' ? FLOAT : ch == 'e' ? EXPONENT : WRONG; break;
      case FLOAT: state = ch >= '0' && ch <= '9' ? FLOAT : ch == 'e' ? EXPONENT : WRONG; break;
      case EXPONENT: state = (ch >= '0' && ch <= '9') || ch == '+' || ch == '-' ? EXPONENT : WRONG; break;
      case WRONG: break;
    }
  }
  return counts[INT] + counts[FLOAT] * 7 + counts[EXPONENT] * 31 + counts[WRONG] * 101;
}

int main(void) {
  uint16_t sum = 0xffff;
  struct node *list = 0;
  for (int i = 0; i < 2048; i++) nodes[i] = (struct node){list, (int16_t)(i * 7919), (int16_t)i}, list = &nodes[i];
  for (int i = 0; i < 64; i++) for (int j = 0; j < 64; j++) a[i][j] = i * j % 17, b[i][j] = i - j;
  for (int round = 0; round < 4000; round++) {
    list = reverse(list);
    int found = 0;
    for (struct node *n = list; n; n = n->next) found += n->key > round ? n->value & 3 : 1;
    if (round % 16 == 0) {
      for (int i = 0; i < 64; i++)
        for (int j = 0; j < 64; j++) {
          int32_t total = 0;
          for (int k = 0; k < 64; k++) total += a[i][k] * b[k][j];
          c[i][j] = total;
        }
      a[round & 63][0]++;
    }
    sum = crc(found + c[round & 63][7] + states(round) * 3, sum);
    for (int i = 0; i < 64; i++) sum = crc(sum * i, sum);
  }
  printf("%04x\n", sum);
  return 0;
}
