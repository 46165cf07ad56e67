/*
 * The emulated machine's network card as options and files name it: KIND, or KIND and ports of this
 * computer that lead to a guest, in QEMU's words: "e1000,hostfwd=tcp::2222-10.0.2.15:22". The
 * network behind it is the emulator's own, with gateway and DHCP at 10.0.2.2. Pure.
 */
#ifndef TOOLS_BH_NET_H
#define TOOLS_BH_NET_H

#include <stdbool.h>

enum net_kind { NET_NONE, NET_E1000, NET_E1000E, NET_VIRTIO };

#define NET_WORDS "none, e1000, e1000e or virtio, then ,hostfwd=... if ports are to be forwarded"

/* *forwards then points at the "hostfwd=..." in the text, to its end; at an empty text if there is
   none. False, and nothing is changed, if the text is not of this form. */
bool net_parse(const char *text, enum net_kind *kind, const char **forwards);

#endif
