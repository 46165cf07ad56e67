/*
 * The verb `upgrade`: another image for a domain, in pieces as base64, and at their end its
 * checksum; then the domain is restarted. `bh ctl` makes these requests of a file.
 */
#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/service/base64.h"
#include "guests/service/commands.h"
#include "guests/service/request.h"

static void refused(struct answer *a, const char *name, int64_t result)
{
	static const char *const advice[-HV_ERR_VERSION + 1] = {
		[-HV_ERR_UNSUPPORTED] = "no memory is reserved for it: `stage: 1M` in the config",
		[-HV_ERR_STATE] = "this is not where the last piece of the image ended",
		[-HV_ERR_RANGE] =
			"the image does not fit; the config's `stage` and `memory` limit it",
		[-HV_ERR_CHECKSUM] = "the image was damaged on its way",
		[-HV_ERR_FORMAT] = "it cannot be started; the hypervisor's log says why",
		[-HV_ERR_VERSION] = "it does not read what the running one keeps; the hypervisor's "
				    "log says more",
	};
	uint64_t error = (uint64_t)-result;

	answer_fail(a, "%.40s: %s", name,
		    error < ARRAY_SIZE(advice) && advice[error] ? advice[error] : hv_error(result));
}

/* Eight hexadecimal digits. */
static bool checksum_of(const char *word, uint32_t *sum)
{
	unsigned n = 0;

	for (*sum = 0; word[n] && n < 8; n++) {
		char c = word[n] > '9' ? word[n] | 0x20 : word[n];

		if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
			return false;
		*sum = *sum << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return n == 8 && !word[n];
}

static void take_piece(struct answer *a, const struct request *r, uint32_t cap)
{
	static uint8_t piece[REQUEST_BYTES];
	int64_t bytes = base64_decode(piece, sizeof(piece), r->input), result;

	if (bytes <= 0) {
		answer_fail(a, "\"input\" is no base64");
		return;
	}
	result = hv_image_stage(cap, (uint64_t)r->from, piece, (uint64_t)bytes, 0);
	if (result < 0)
		refused(a, r->domain, result);
}

void command_upgrade(struct answer *a, const struct request *r, int detail)
{
	int domain = command_domain(a, r->domain);
	const struct hv_cap *cap = NULL;
	int64_t result;
	uint32_t sum;

	if (domain >= 0)
		cap = command_cap(a, (uint32_t)domain, HV_RIGHT_CONTROL);
	if (!cap)
		return;
	if (r->from != VERB_NONE && r->input) {
		take_piece(a, r, cap->handle);
	} else if (r->from != VERB_NONE && r->crc && checksum_of(r->crc, &sum)) {
		result = hv_image_stage(cap->handle, (uint64_t)r->from, NULL, 0, sum);
		if (result < 0)
			refused(a, r->domain, result);
		else
			command_control(a, r, HV_DOMAIN_RESTART);
	} else {
		answer_fail(a,
			    "an image comes over the control port: "
			    "`bh ctl PATH upgrade %.40s FILE`",
			    r->domain);
	}
}
