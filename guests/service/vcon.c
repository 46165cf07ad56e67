/*
 * virtio-console (virtio 1.2, 5.3), one port: queue 0 receives, queue 1 transmits. Over a restart
 * output may come twice and input that was not yet delivered is lost; heads never are.
 */
#include "guests/service/vcon.h"

#include "guests/lib/print.h"
#include "guests/service/virtio_port.h"

#define RECEIVE     0u
#define TRANSMIT    1u
#define TURN_BUDGET 16
#define VCON_INPUT  1024u /* a power of two */
#define VCON_LINE   160u

struct vcon {
	struct virtio_device *v;
	char input[VCON_INPUT];
	uint32_t put, got; /* bytes ever */
	char line[VCON_LINE];
	unsigned length;
};

static struct vcon vcons[VCON_DEVICES];
static unsigned vcon_count;
static vcon_output_fn *hook;

static void line_flush(struct vcon *c)
{
	print("[%s] %.*s\n", c->v->guest_name, (int)c->length, c->line);
	c->length = 0;
}

static void line_output(struct vcon *c, const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if (text[i] != '\r' && text[i] != '\n')
			c->line[c->length++] = text[i];
		if (text[i] == '\n' || c->length == VCON_LINE)
			line_flush(c);
	}
}

static void chain_output(struct vcon *c, const struct virtio_chain *chain)
{
	for (unsigned i = chain->first; i < chain->readable; i++) {
		const char *text = (const char *)chain->part[i].base;

		if (hook)
			hook(c->v->guest, text, chain->part[i].bytes);
		else
			line_output(c, text, chain->part[i].bytes);
	}
}

/* A piece of what was typed into the guest's buffer; true if it had one. */
static bool receive_one(struct vcon *c)
{
	static struct virtio_chain chain;
	uint32_t at = c->got % VCON_INPUT;
	uint32_t n = MIN(c->put - c->got, VCON_INPUT - at);
	uint16_t head;

	if (!virtio_device_next(c->v, RECEIVE, &head, &chain))
		return false;
	n = virtio_chain_put(&chain, c->input + at, n);
	c->got += n;
	virtio_device_complete(c->v, RECEIVE, head, n);
	return true;
}

static bool transmit_one(struct vcon *c)
{
	static struct virtio_chain chain;
	uint16_t head;

	if (!virtio_device_next(c->v, TRANSMIT, &head, &chain))
		return false;
	chain_output(c, &chain);
	virtio_device_complete(c->v, TRANSMIT, head, 0);
	return true;
}

static void vcon_kick(struct virtio_device *v, unsigned q)
{
	struct vcon *c = v->backend;

	for (unsigned budget = TURN_BUDGET; budget; budget--) {
		if (q == RECEIVE && c->put == c->got)
			return;
		if (q == RECEIVE ? receive_one(c) : transmit_one(c))
			continue;
		if (!virtio_device_is_live(v) || !virtio_queue_rearm(&v->queue[q]))
			return;
	}
	virtio_port_again(v->kick_event[q]);
}

static void vcon_config(struct virtio_device *v, unsigned offset, unsigned bytes, void *buf)
{
}

static const struct virtio_model vcon_model = {
	.name = "console",
	.id = VIRTIO_ID_CONSOLE,
	.class_code = 0x078000,
	.queues = 2,
	.config = vcon_config,
	.kick = vcon_kick,
};

void vcon_set_output(vcon_output_fn *output)
{
	hook = output;
}

size_t vcon_input(unsigned guest, const char *buf, size_t bytes)
{
	for (unsigned i = 0; i < vcon_count; i++) {
		struct vcon *c = &vcons[i];
		size_t n = 0;

		if (c->v->guest != guest)
			continue;
		for (; n < bytes && c->put - c->got < VCON_INPUT; n++)
			c->input[c->put++ % VCON_INPUT] = buf[n];
		virtio_device_kick(c->v, RECEIVE);
		return n;
	}
	return 0;
}

bool vcon_init(struct virtio_device *v)
{
	struct vcon *c = &vcons[vcon_count];

	if (vcon_count == VCON_DEVICES) {
		print("%s: more than %u consoles: this one is left out\n", v->guest_name,
		      VCON_DEVICES);
		return false;
	}
	vcon_count++;
	*c = (struct vcon){ .v = v };
	v->model = &vcon_model;
	v->backend = c;
	v->offered = VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC;
	return true;
}
