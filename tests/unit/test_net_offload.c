// sources: guests/service/net_offload.c guests/service/net_switch.c
/* Open work of frames done in software: what is refused, checksums, segments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guests/lib/boot.h"
#include "guests/service/net_offload.h"
#include "guests/service/virtio_port.h"
#include "lib/bits.h"

#define MOST 512

struct hv_boot *boot;
static uint8_t sent[MOST][NET_FRAME];
static uint32_t sent_bytes[MOST];
static unsigned count;
static uint8_t frame[NET_FRAME_MAX];
static struct window_part part[4];

void print(const char *fmt, ...);
void print(const char *fmt, ...)
{
}

uint64_t virtio_port_now(void)
{
	return 0;
}

static void emit(void *arg, const struct net_frame *f)
{
	assert_true(count < MOST);
	assert_true(f->bytes <= NET_FRAME);
	assert_int_equal(f->offload.flags, 0);
	assert_int_equal(f->offload.gso_type, 0);
	net_copy(f, 0, sent[count], f->bytes);
	sent_bytes[count++] = f->bytes;
}

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* RFC 1071 the slow way: 0 for a range that holds its own correct checksum. */
static unsigned ones_sum(const uint8_t *p, unsigned bytes, uint32_t sum)
{
	for (unsigned i = 0; i < bytes; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static uint32_t pseudo_sum(const uint8_t *addresses, unsigned bytes, unsigned length)
{
	uint32_t sum = 6 + length;

	for (unsigned i = 0; i < bytes; i += 2)
		sum += get16(addresses + i);
	return sum;
}

/* A frame of TCP with `payload` bytes, to be cut into `size`; its headers end at the return value.
 */
static unsigned make(struct net_frame *f, bool six, uint32_t payload, uint16_t size)
{
	unsigned tcp = NET_HEADER + (six ? 40 : 20);

	memset(frame, 0, sizeof(frame));
	frame[12] = six ? 0x86 : 0x08;
	frame[13] = six ? 0xdd : 0x00;
	if (six) {
		frame[14] = 0x60;
		frame[20] = 6;
	} else {
		frame[14] = 0x45;
		frame[18] = 0xff; /* identification: wraps after one */
		frame[19] = 0xff;
		frame[23] = 6;
	}
	for (unsigned i = 0; i < 32; i++)
		frame[(six ? 22 : 26) + i % (six ? 32 : 8)] = (uint8_t)(i * 37 + 1);
	memset(frame + tcp, 0, 20);
	frame[tcp + 4] = frame[tcp + 5] = frame[tcp + 6] = frame[tcp + 7] = 0xff; /* wraps, too */
	frame[tcp + 12] = 5 << 4;
	frame[tcp + 13] = 0x80 | 0x10 | 0x08 | 0x01; /* CWR, ACK, PSH, FIN */
	for (uint32_t i = 0; i < payload; i++)
		frame[tcp + 20 + i] = (uint8_t)(i ^ i >> 8);
	part[0] = (struct window_part){ frame, 14 };
	part[1] = (struct window_part){ frame + 14, 0 };
	part[2] = (struct window_part){ frame + 14, 33 };
	part[3] = (struct window_part){ frame + 47, tcp + 20 + payload - 47 };
	*f = (struct net_frame){ .part = part, .parts = 4, .bytes = tcp + 20 + payload };
	f->offload = (struct net_offload){ .flags = NET_OFFLOAD_CSUM,
					   .gso_type = six ? NET_GSO_TCP6 : NET_GSO_TCP4,
					   .gso_size = size,
					   .csum_start = (uint16_t)tcp,
					   .csum_offset = 16 };
	count = 0;
	return tcp + 20;
}

static void assert_segment(unsigned i, bool six, unsigned headers, uint32_t size, uint32_t payload)
{
	const uint8_t *s = sent[i], *ip = s + NET_HEADER;
	unsigned tcp = headers - 20;
	uint32_t at = i * size, n = MIN(size, payload - at);
	bool last = at + n == payload;
	unsigned flags = 0x10 | (i == 0 ? 0x80 : 0) | (last ? 0x09 : 0);

	assert_int_equal(sent_bytes[i], headers + n);
	if (six) {
		assert_int_equal(get16(ip + 4), 20 + n);
	} else {
		assert_int_equal(get16(ip + 2), 40 + n);
		assert_int_equal(get16(ip + 4), (0xffff + i) & 0xffff);
		assert_int_equal(ones_sum(ip, 20, 0), 0);
	}
	assert_int_equal(get32(s + tcp + 4), 0xffffffff + at);
	assert_int_equal(s[tcp + 13], flags);
	assert_int_equal(
		ones_sum(s + tcp, 20 + n, pseudo_sum(ip + (six ? 8 : 12), six ? 32 : 8, 20 + n)),
		0);
	assert_memory_equal(s + headers, frame + headers + at, n);
}

static void segments_are_those_that_tcp_would_have_sent(void **state)
{
	static const uint32_t payloads[] = { 1, 1459, 1460, 1461, 2920, 4000, 65000 };

	for (unsigned six = 0; six < 2; six++) {
		for (unsigned i = 0; i < ARRAY_SIZE(payloads); i++) {
			uint16_t size = six ? 1440 : 1460;
			struct net_frame f;
			unsigned headers = make(&f, six, payloads[i], size);

			assert_true(net_offload_check(&f));
			assert_true(net_offload_finish(&f, emit, NULL));
			assert_int_equal(count, (payloads[i] + size - 1) / size);
			for (unsigned n = 0; n < count; n++)
				assert_segment(n, six, headers, size, payloads[i]);
		}
	}
}

static void an_open_checksum_is_completed(void **state)
{
	for (uint32_t bytes = 60; bytes < 80; bytes++) {
		struct net_frame f;
		unsigned tcp = make(&f, false, bytes - 54, 0) - 20;
		uint32_t pseudo = pseudo_sum(frame + 26, 8, bytes - tcp);

		pseudo = (pseudo & 0xffff) + (pseudo >> 16);
		f.offload.gso_type = NET_GSO_NONE;
		frame[tcp + 16] = (uint8_t)(pseudo >> 8);
		frame[tcp + 17] = (uint8_t)pseudo;
		assert_true(net_offload_check(&f));
		assert_true(net_offload_finish(&f, emit, NULL));
		assert_int_equal(count, 1);
		assert_int_equal(sent_bytes[0], bytes);
		assert_int_equal(ones_sum(sent[0] + tcp, bytes - tcp, pseudo), 0);
		count = 0;
	}
}

static void a_checksum_of_zero_is_written_as_ones(void **state)
{
	struct net_frame f;
	unsigned tcp = make(&f, false, 6, 0) - 20;

	memset(frame + tcp, 0, 26);
	frame[tcp] = frame[tcp + 1] = 0xff;
	f.offload.gso_type = NET_GSO_NONE;
	assert_true(net_offload_finish(&f, emit, NULL));
	assert_int_equal(get16(sent[0] + tcp + 16), 0xffff);
}

static bool checked(void (*spoil)(struct net_frame *f))
{
	struct net_frame f;

	make(&f, false, 4000, 1460);
	spoil(&f);
	return net_offload_check(&f);
}

static void nothing(struct net_frame *f)
{
}

static void no_size(struct net_frame *f)
{
	f->offload.gso_size = 0;
}

static void wide(struct net_frame *f)
{
	f->offload.gso_size = 1461;
}

static void no_checksum(struct net_frame *f)
{
	f->offload.flags = 0;
}

static void unknown_type(struct net_frame *f)
{
	f->offload.gso_type = 3;
}

static void with_ecn(struct net_frame *f)
{
	f->offload.gso_type |= 0x80;
}

static void other_family(struct net_frame *f)
{
	f->offload.gso_type = NET_GSO_TCP6;
}

static void start_moved(struct net_frame *f)
{
	f->offload.csum_start += 4;
}

static void start_behind(struct net_frame *f)
{
	f->offload.csum_start = 0xffff;
}

static void offset_behind(struct net_frame *f)
{
	f->offload.csum_offset = 0xffff;
}

static void version(struct net_frame *f)
{
	frame[14] = 0x65;
}

static void short_ip(struct net_frame *f)
{
	frame[14] = 0x44;
}

static void udp(struct net_frame *f)
{
	frame[23] = 17;
}

static void fragment(struct net_frame *f)
{
	frame[21] = 1;
}

static void short_tcp(struct net_frame *f)
{
	frame[34 + 12] = 4 << 4;
}

static void long_tcp(struct net_frame *f)
{
	frame[34 + 12] = 15 << 4;
	f->bytes = 34 + 59;
}

static void only_headers(struct net_frame *f)
{
	f->bytes = 54;
}

static void cut_headers(struct net_frame *f)
{
	f->bytes = 40;
}

static void too_long(struct net_frame *f)
{
	f->bytes = NET_FRAME_MAX + 1;
}

static void whole_and_long(struct net_frame *f)
{
	f->offload = (struct net_offload){ 0 };
	f->bytes = NET_FRAME + 1;
}

static void whole_and_short(struct net_frame *f)
{
	f->offload = (struct net_offload){ 0 };
	f->bytes = NET_HEADER - 1;
}

static void sum_in_the_link_header(struct net_frame *f)
{
	f->offload.gso_type = NET_GSO_NONE;
	f->offload.csum_start = 0;
	f->bytes = 100;
}

static void sum_at_the_end(struct net_frame *f)
{
	f->offload.gso_type = NET_GSO_NONE;
	f->bytes = 34 + 16 + 1;
}

static void what_makes_no_sense_is_refused(void **state)
{
	static void (*const bad[])(struct net_frame *) = {
		no_size,        wide,
		no_checksum,    unknown_type,
		with_ecn,       other_family,
		start_moved,    start_behind,
		offset_behind,  version,
		short_ip,       udp,
		fragment,       short_tcp,
		long_tcp,       only_headers,
		cut_headers,    too_long,
		whole_and_long, whole_and_short,
		sum_at_the_end, sum_in_the_link_header,
	};

	assert_true(checked(nothing));
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		if (checked(bad[i]))
			fail_msg("frame %u was taken", i);
}

static void a_frame_in_too_many_pieces_is_lost(void **state)
{
	struct net_frame f;

	make(&f, false, NET_SEGMENTS * 10 + 1, 10);
	assert_true(net_offload_check(&f));
	assert_false(net_offload_finish(&f, emit, NULL));
	assert_int_equal(count, 0);
}

/* A hostile guest changes its frame after it was checked: nothing but its own bytes may suffer. */
static void headers_that_change_are_noticed(void **state)
{
	struct net_frame f;

	make(&f, false, 4000, 1460);
	assert_true(net_offload_check(&f));
	frame[34 + 12] = 0;
	assert_false(net_offload_finish(&f, emit, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_are_those_that_tcp_would_have_sent),
		cmocka_unit_test(an_open_checksum_is_completed),
		cmocka_unit_test(a_checksum_of_zero_is_written_as_ones),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(a_frame_in_too_many_pieces_is_lost),
		cmocka_unit_test(headers_that_change_are_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
