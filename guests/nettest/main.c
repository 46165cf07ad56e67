/*
 * Exchanges numbered frames with its twin on the same network, and says whether all came, whole and
 * in order:
 *
 *   frames=N   to be sent and to be received (500)
 *   lossy      frames may be lost or come twice: the service domain dies meanwhile
 *   steps=N    says so often how far it is (10)
 *   evil=N     does nothing of this, but uses the card as it must not: evil.h, N frames of each
 * kind
 *
 * The twin is found by broadcasts. Up to WINDOW frames are under way; what is not acknowledged in
 * time goes again under a new serial number, so that it is no double of the first. The last line is
 * `NAME: net ok, N frames each way, L lost, D doubled, R again, in T ms` or `NAME: NET BAD` and
 * what was wrong.
 */
#include "guests/lib/apic.h"
#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "guests/lib/pci.h"
#include "guests/lib/print.h"
#include "guests/lib/start.h"
#include "guests/lib/time.h"
#include "guests/lib/trap.h"
#include "guests/nettest/evil.h"
#include "lib/string.h"

#define VECTOR_NET   0x40
#define VECTOR_TIMER 0x41
#define WINDOW       16
#define AGAIN_NS     (200 * NS_PER_MS)
#define LINGER_NS    (1000 * NS_PER_MS)

static struct virtio_net net;
static struct frame out, in;
static uint64_t frames, steps;

static uint64_t serial;    /* of the last frame sent */
static uint64_t sent;      /* the last payload sent */
static uint64_t acked = 1; /* the payload that the twin waits for */
static uint64_t next = 1;  /* the payload that is waited for here */
static uint64_t seen;      /* the last serial number of the twin */
static uint8_t twin[6] = { 255, 255, 255, 255, 255, 255 };

static struct {
	uint64_t lost, doubled, overtaken, wrong, again;
} count;

/* Waits for the card or the time. */
static void wait_until(uint64_t end)
{
	uint64_t now = rdtsc();

	if (now >= end)
		return;
	apic_timer_oneshot(VECTOR_TIMER, tsc_to_ns(end - now) + NS_PER_US);
	irq_wait();
	apic_timer_oneshot(VECTOR_TIMER, 0);
}

static bool send(uint64_t number)
{
	memcpy(out.to, twin, sizeof(twin));
	frame_fill(&out, net.mac, number);
	out.serial = serial + 1;
	out.next = next;
	if (!virtio_net_send(&net, &out, frame_bytes(number)))
		return false;
	serial++;
	return true;
}

static void check_serial(uint64_t got)
{
	if (got == seen)
		count.doubled++;
	else if (got < seen)
		count.overtaken++;
	else if (seen)
		count.lost += got - seen - 1;
	seen = MAX(seen, got);
}

/* True if the frame asks for an answer. */
static bool take(uint32_t bytes)
{
	if (!frame_is_ours(&in, bytes))
		return false;
	memcpy(twin, in.from, sizeof(twin));
	check_serial(in.serial);
	if (!frame_is_right(&in, bytes)) {
		count.wrong++;
		return false;
	}
	acked = MAX(acked, in.next);
	if (in.number == next)
		next++;
	return in.number;
}

/* Everything that has come; acknowledged by one frame if by none with payload. */
static bool receive(void)
{
	bool any = false, answer = false;
	uint32_t bytes;

	while ((bytes = virtio_net_receive(&net, &in)) != 0) {
		any = true;
		answer |= take(bytes);
	}
	if (answer && (sent == frames || sent + 1 - acked >= WINDOW))
		send(0);
	return any;
}

static bool is_done(void)
{
	return next > frames && acked > frames;
}

static void say_progress(void)
{
	static uint64_t said;
	uint64_t step = MAX(frames / MAX(steps, 1ul), 1ul);

	if ((next - 1) / step == said)
		return;
	said = (next - 1) / step;
	print("%s: %lu of %lu frames\n", boot->name, said * step, frames);
}

/* Sends and receives until both sides have all; false: the card gave up. */
static bool exchange(void)
{
	uint64_t quiet = 0;

	while (!is_done()) {
		if (receive())
			quiet = 0;
		say_progress();
		while (next > 0 && seen && sent < frames && sent + 1 - acked < WINDOW &&
		       send(sent + 1))
			sent++;
		if (is_done())
			break;
		if (quiet && rdtsc() >= quiet) {
			if (virtio_net_is_broken(&net))
				return false;
			count.again += seen && acked <= sent;
			send(acked <= sent && seen ? acked : 0);
			quiet = 0;
		}
		if (!quiet)
			quiet = time_after(AGAIN_NS);
		wait_until(quiet);
	}
	return true;
}

/* The twin may lack the last acknowledgement. */
static void linger(void)
{
	uint64_t end = time_after(LINGER_NS);

	send(0);
	while (rdtsc() < end) {
		if (receive())
			end = time_after(LINGER_NS);
		wait_until(end);
	}
}

static void timer(struct trap_frame *frame, void *arg)
{
	apic_eoi();
}

static bool open_card(void)
{
	unsigned function = pci_find(VIRTIO_NET_VENDOR, VIRTIO_NET_DEVICE, 0);
	const char *why = function == PCI_NONE ? "there is none"
					       : virtio_net_open(&net, function, VECTOR_NET);

	if (why)
		print("%s: no card: %s\n", boot->name, why);
	return !why;
}

int main(void)
{
	bool lossy = boot_option("lossy", NULL), ok;
	uint64_t begin, took;

	frames = boot_number("frames", 500);
	steps = boot_number("steps", 10);
	apic_init(false);
	trap_bind(VECTOR_TIMER, timer, NULL);
	if (!open_card())
		return 1;
	print("%s: %02x:%02x:%02x:%02x:%02x:%02x, %lu frames\n", boot->name, net.mac[0], net.mac[1],
	      net.mac[2], net.mac[3], net.mac[4], net.mac[5], frames);
	if (boot_option("evil", NULL)) {
		evil_spoof(&net, (unsigned)boot_number("evil", 0));
		ok = evil_loop(&net);
		print("%s: the card %s\n", boot->name, ok ? "gave up, as it must" : "GOES ON");
		return !ok;
	}
	send(0);
	begin = rdtsc();
	ok = exchange();
	took = tsc_to_ns(rdtsc() - begin) / NS_PER_MS;
	if (!ok)
		print("%s: the card gave up\n", boot->name);
	else
		linger();
	ok &= !count.wrong && !count.overtaken && (lossy || !(count.lost | count.doubled));
	if (ok)
		print("%s: net ok, %lu frames each way, %lu lost, %lu doubled, %lu again, "
		      "in %lu ms\n",
		      boot->name, frames, count.lost, count.doubled, count.again, took);
	else
		print("%s: NET BAD: %lu lost, %lu doubled, %lu overtaken, %lu wrong\n", boot->name,
		      count.lost, count.doubled, count.overtaken, count.wrong);
	return !ok;
}
