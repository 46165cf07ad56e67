/*
 * See ide_ata.h.
 */
#include "guests/service/drivers/ide_ata.h"

#include "guests/service/drivers/ide_regs.h"

/* Words of the identify data. */
#define WORD_CAPABILITIES 49u
#define WORD_SECTORS_28   60u
#define WORD_COMMANDS     83u
#define WORD_SECTORS_48   100u
#define WORD_SECTOR_SIZE  106u

#define CAPABLE_DMA       BIT(8)
#define CAPABLE_LBA       BIT(9)
#define HAS_LBA48         BIT(10)
#define HAS_FLUSH         BIT(12)
#define HAS_FLUSH_EXT     BIT(13)
#define WORD_VALID        MASK(15, 14) /* reads 01b */
#define WORD_IS_VALID     BIT(14)
#define SECTORS_ARE_LARGE BIT(12)

#define LIMIT_28         (1ull << 28)
#define SECTORS_28       256u
#define TRANSFER_28      (SECTORS_28 * DISK_SECTOR)
#define TRANSFER_48      (2048u * DISK_SECTOR)
#define CAPACITY_48_MASK MASK(47, 0)

static uint64_t number(const uint16_t *words, unsigned count)
{
	uint64_t n = 0;

	while (count--)
		n = n << 16 | words[count];
	return n;
}

const char *ide_identify(const uint16_t words[IDE_IDENTIFY_WORDS], struct ide_disk *d)
{
	uint16_t commands = words[WORD_COMMANDS], size = words[WORD_SECTOR_SIZE];

	if (!(words[WORD_CAPABILITIES] & CAPABLE_LBA))
		return "has no linear addresses";
	if (!(words[WORD_CAPABILITIES] & CAPABLE_DMA))
		return "cannot do DMA";
	if ((size & WORD_VALID) == WORD_IS_VALID && size & SECTORS_ARE_LARGE)
		return "its sectors are larger than 512 bytes";
	if ((commands & WORD_VALID) != WORD_IS_VALID)
		commands = 0;
	d->wide = commands & HAS_LBA48;
	d->sectors = d->wide ? number(words + WORD_SECTORS_48, 4) & CAPACITY_48_MASK
			     : number(words + WORD_SECTORS_28, 2);
	d->transfer_max = d->wide ? TRANSFER_48 : TRANSFER_28;
	d->flush = commands & HAS_FLUSH ? IDE_CMD_FLUSH : 0;
	if (d->wide && commands & HAS_FLUSH_EXT)
		d->flush = IDE_CMD_FLUSH_EXT;
	return d->sectors ? NULL : "has no sectors";
}

void ide_command_make(const struct ide_disk *d, enum disk_op op, uint64_t lba, uint32_t bytes,
		      struct ide_command *c)
{
	uint32_t sectors = bytes / DISK_SECTOR;
	bool read = op == DISK_READ;

	*c = (struct ide_command){ .opcode = d->flush };
	if (op == DISK_FLUSH)
		return;
	c->lba = lba;
	c->wide = lba + sectors > LIMIT_28 || sectors > SECTORS_28;
	c->count = (uint16_t)(c->wide ? sectors : sectors % SECTORS_28);
	if (c->wide)
		c->opcode = read ? IDE_CMD_READ_EXT : IDE_CMD_WRITE_EXT;
	else
		c->opcode = read ? IDE_CMD_READ : IDE_CMD_WRITE;
}
