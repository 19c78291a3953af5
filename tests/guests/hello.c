// The smallest program there is: used for start-up figures and the first example.
#include <stdio.h>

int main(int argc, char **argv) {
  printf("hello from %s\n", argc > 0 ? argv[0] : "nowhere");
  return 0;
}
