// sources: guests/service/net_offload.c guests/service/net_switch.c guests/service/net_flow.c
/*
 * Any bytes as a frame with open work, in any pieces, sent by a guest that may write to it after it
 * was checked. Frames that come out are complete: none too long, checksums right by another way to
 * sum, the payload in order and whole. On a switch a frame reaches nobody twice, never its sender.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "guests/lib/boot.h"
#include "guests/service/net_card.h"
#include "guests/service/net_offload.h"
#include "guests/service/virtio_port.h"
#include "lib/bits.h"
#include "tests/fuzz/fuzz.h"

#define PARTS 8
#define PORTS 4

/* In front of the frame. The frame's first cut[0] bytes are a piece, and so on; the rest is one. */
struct head {
	struct net_offload offload;
	uint16_t cut[PARTS - 1];
	uint16_t late_at; /* this byte becomes late_byte after the check */
	uint8_t late_byte, late;
};

static struct hv_boot page = { .bridges = 1 };
struct hv_boot *boot = &page;

static struct head head;
static struct window_part part[PARTS];
static struct net_frame frame;
static uint32_t payload_at, payload_sent; /* of a frame that is cut */
static unsigned emitted;

static struct net_port ports[PORTS];
static unsigned given[PORTS];

void print(const char *fmt, ...);
void print(const char *fmt, ...)
{
}

uint64_t virtio_port_now(void)
{
	static uint64_t now;

	return now += 1000000;
}

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* RFC 1071, word by word. */
static uint32_t sum(const uint8_t *p, uint32_t bytes, uint32_t sum)
{
	for (uint32_t i = 0; i < bytes; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Of a frame with its sum written: all ones, with the pseudo header where it is TCP that was cut.
 */
static void check_sums(const uint8_t *out, uint32_t bytes)
{
	unsigned tcp = head.offload.csum_start, ip = get16(out + 12) == 0x8100 ? 18 : 14;
	bool six = head.offload.gso_type == NET_GSO_TCP6;
	uint32_t pseudo = sum(out + ip + (six ? 8 : 12), six ? 32 : 8, 6 + bytes - tcp);

	demand(sum(out + tcp, bytes - tcp, pseudo) == 0xffff);
	if (six)
		demand(get16(out + ip + 4) == bytes - ip - 40);
	else
		demand(sum(out + ip, tcp - ip, 0) == 0xffff && get16(out + ip + 2) == bytes - ip);
}

static void emit(void *arg, const struct net_frame *f)
{
	uint8_t *out = malloc(f->bytes), *in = malloc(frame.bytes);
	uint32_t headers = payload_at;

	emitted++;
	demand(f->bytes >= NET_HEADER && f->bytes <= NET_FRAME);
	demand(!f->offload.flags && !f->offload.gso_type);
	net_copy(f, 0, out, f->bytes);
	net_copy(&frame, 0, in, frame.bytes);
	if (head.offload.gso_type != NET_GSO_NONE) {
		demand(f->bytes > headers && f->bytes - headers <= head.offload.gso_size);
		demand(!memcmp(out + headers, in + headers + payload_sent, f->bytes - headers));
		payload_sent += f->bytes - headers;
		check_sums(out, f->bytes);
	} else {
		unsigned at = head.offload.csum_start + head.offload.csum_offset;

		demand(f->bytes == frame.bytes && !memcmp(in, out, at));
		demand(!memcmp(in + at + 2, out + at + 2, f->bytes - at - 2));
		/* What stood there is the sum of a pseudo header. */
		demand((head.offload.csum_offset & 1) ||
		       sum(out + head.offload.csum_start, f->bytes - head.offload.csum_start,
			   get16(in + at)) == 0xffff);
	}
	free(in);
	free(out);
}

static void change_late(void)
{
	uint32_t at = head.late_at;

	for (unsigned i = 0; i < frame.parts && head.late; i++) {
		if (at < part[i].bytes) {
			part[i].base[at] = head.late_byte;
			return;
		}
		at -= part[i].bytes;
	}
}

/* Where TCP's payload begins, by the frame's own words. */
static uint32_t find_payload(void)
{
	uint8_t words = 0;

	net_copy(&frame, head.offload.csum_start + 12u, &words, 1);
	return head.offload.csum_start + (words >> 4) * 4u;
}

static void finish(void)
{
	bool cut = head.offload.gso_type != NET_GSO_NONE;

	if (!net_offload_check(&frame))
		return;
	demand(frame.bytes <= (cut ? NET_FRAME_MAX : NET_FRAME));
	change_late();
	if (!net_offload_needs(&frame))
		return;
	payload_at = cut ? find_payload() : 0;
	payload_sent = emitted = 0;
	if (!net_offload_finish(&frame, emit, NULL))
		demand(!emitted);
	else
		demand(cut ? payload_at + payload_sent == frame.bytes : emitted == 1);
}

/* --- the switch ----------------------------------------------------------------------------- */

static bool port_send(struct net_port *p, const struct net_frame *f)
{
	uint8_t *copy = malloc(f->bytes);

	demand(!(net_offload_needs(f) & ~p->takes) && f->bytes <= NET_FRAME_MAX);
	demand(f->bytes <= NET_FRAME || f->offload.gso_type);
	net_copy(f, 0, copy, f->bytes);
	free(copy);
	given[p - ports]++;
	return true;
}

static void attach_ports(void)
{
	static const uint32_t takes[PORTS] = { 0, NET_TAKES_CSUM, 0,
					       NET_TAKES_CSUM | NET_TAKES_TSO4 | NET_TAKES_TSO6 };

	for (unsigned i = 0; i < PORTS && !ports[i].to; i++) {
		ports[i] = (struct net_port){ .mac = { 2, 0, 0, 0, 0, (uint8_t)i },
					      .takes = takes[i],
					      .uplink = i == 2,
					      .send = port_send };
		demand(net_attach(net_switch_of(0), &ports[i]));
	}
}

static void pass_on(void)
{
	unsigned from = head.late_byte % PORTS;
	uint64_t refused = ports[from].refused;

	memset(given, 0, sizeof(given));
	net_receive(&ports[from], &frame);
	demand(!given[from]);
	for (unsigned i = 0; i < PORTS; i++) {
		bool whole = !(net_offload_needs(&frame) & ~ports[i].takes);

		demand(given[i] <= (whole || !frame.offload.gso_type ? 1 : NET_SEGMENTS));
		demand(!given[i] || ports[from].refused == refused);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < sizeof(head) || size - sizeof(head) > NET_FRAME_MAX + 100)
		return 0;
	memcpy(&head, data, sizeof(head));
	data += sizeof(head);
	size -= sizeof(head);
	frame = (struct net_frame){ part, PARTS, (uint32_t)size, head.offload };
	for (unsigned i = 0; i < PARTS; i++) {
		uint32_t n = i < PARTS - 1 ? (uint32_t)MIN(size, head.cut[i]) : (uint32_t)size;

		part[i] = (struct window_part){ malloc(n), n };
		memcpy(part[i].base, data, n);
		data += n;
		size -= n;
	}
	demand(net_flow_hash(&frame) < NET_FLOWS);
	attach_ports();
	pass_on();
	finish();
	for (unsigned i = 0; i < PARTS; i++)
		free(part[i].base);
	return 0;
}
