/* The misdeeds that a test orders from hello by `fault=` on its command line. */
#ifndef GUESTS_HELLO_FAULT_H
#define GUESTS_HELLO_FAULT_H

/* Commits the misdeed named there, if any. Those that a guest survives print the answer that it
   got and return; after the others this domain is gone. An unknown name prints the list. */
void fault_commit(void);

#endif
