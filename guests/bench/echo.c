/* The other end of the network paths: see net.h. */
#include <stddef.h>

#include "guests/bench/bench.h"
#include "guests/bench/net.h"
#include "guests/lib/apic.h"
#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "guests/lib/pci.h"
#include "guests/lib/print.h"
#include "lib/string.h"

static struct virtio_net net;
static struct net_frame frame;

const char *net_open(struct virtio_net *n)
{
	unsigned function = pci_find(VIRTIO_NET_VENDOR, VIRTIO_NET_DEVICE, 0);

	if (function == PCI_NONE)
		return "no network card: nobody serves one to this domain";
	apic_init(cpuid(1, 0).ecx & CPUID_X2APIC);
	return virtio_net_open(n, function, VECTOR_NET);
}

int net_echo(void)
{
	const char *why = net_open(&net);
	uint32_t bytes;

	if (why) {
		print("%s: %s\n", boot->name, why);
		return 1;
	}
	do {
		while ((bytes = virtio_net_receive(&net, &frame)) == 0)
			irq_wait();
		memcpy(frame.to, frame.from, sizeof(frame.to));
		memcpy(frame.from, net.mac, sizeof(frame.from));
		while (!virtio_net_send(&net, &frame, bytes))
			irq_wait();
	} while (frame.kind != NET_BYE);
	print("%s: done\n", boot->name);
	return 0;
}
