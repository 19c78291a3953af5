// What busybox includes; most of it is only declared.
#pragma once
struct hostent { char *h_name; }; struct addrinfo { int x; };
