/*
 * What the chips do by themselves.
 */
#include "guests/pic/pic.h"

#include "abi/platform.h"
#include "guests/lib/insn.h"

#define OCW2_EOI_SPECIFIC 0x60u
#define OCW2_ROTATE_EOI   0xa0u
#define OCW2_SET_LOWEST   0xc0u
#define OCW3_IRR          0x0au
#define OCW3_ISR          0x0bu
#define OCW3_POLL         0x0cu
#define OCW3_SPECIAL_ON   0x68u
#define OCW3_SPECIAL_OFF  0x48u

static void lines_and_masks(void)
{
	uint64_t bad = 0;

	pic_init(ICW4_PC);
	for (unsigned line = 0; line < HV_PC_LINES; line++) {
		pulse(line);
		bad |= (uint64_t)(come() != (line == 2 ? 0 : BASE1 + line)) << line;
	}
	check("each line has its vector, the second none", bad, 0);
	outb(HV_PORT_PIC1 + 1, 0xa5);
	outb(HV_PORT_PIC2 + 1, 0x5a);
	check("the masks read back", inb(HV_PORT_PIC1 + 1) << 8 | inb(HV_PORT_PIC2 + 1), 0xa55a);
	outb(HV_PORT_PIC1 + 1, 0x20);
	outb(HV_PORT_PIC2 + 1, 0);
	pulse(5);
	check("a masked line is quiet", come(), 0);
	check("and remembered", pic_status(HV_PORT_PIC1, OCW3_IRR), 0x20);
	outb(HV_PORT_PIC1 + 1, 0);
	check("until it is unmasked", come(), 0x45);
	check("and then no more", pic_status(HV_PORT_PIC1, OCW3_IRR), 0);
	outb(HV_PORT_UART + 1, 2);
	check("the UART is on line 4", come(), 0x44);
	outb(HV_PORT_UART + 1, 0);
	pulse(6);
	pic_init(ICW4_PC);
	check("initialization forgets requests", come(), 0);
}

static unsigned seen;

static void read_isr(uint8_t vector)
{
	seen = pic_status(HV_PORT_PIC1, OCW3_ISR) << 8 | pic_status(HV_PORT_PIC2, OCW3_ISR);
	pic_eoi(vector);
}

/* No EOI but for 3, whose handler lets others in first. */
static void hold_three(uint8_t vector)
{
	if (vector == 0x43) {
		pulse(5);
		pulse(1);
		irq_gap();
	}
	outb(HV_PORT_PIC1, OCW2_EOI_SPECIFIC | (vector - BASE1));
}

static void rotate(uint8_t vector)
{
	outb(HV_PORT_PIC1, OCW2_ROTATE_EOI);
}

static void priorities(void)
{
	pic_init(ICW4_PC);
	pulse(5);
	pulse(3);
	pulse(14);
	pulse(9);
	check("the slave's come at the place of 2, lower numbers first", come(), 0x494e4345);
	pic_handler(read_isr);
	pulse(10);
	check("ISR", (come() << 16) | seen, 0x4a0404);
	pic_handler(hold_three);
	pulse(3);
	check("in service, only higher ones come", come(), 0x434145);
	pic_handler(rotate);
	pulse(3);
	check("rotation at EOI", come(), 0x43);
	pulse(3);
	pulse(7);
	pulse(4);
	check("makes it the last", come(), 0x444743);
	outb(HV_PORT_PIC1, OCW2_SET_LOWEST | 6);
	pulse(0);
	pulse(7);
	pulse(6);
	check("so does setting the last", come(), 0x474046);
}

static void special(uint8_t vector)
{
	if (vector == 0x43) {
		outb(HV_PORT_PIC1 + 1, 1u << 3);
		outb(HV_PORT_PIC1, OCW3_SPECIAL_ON);
		pulse(6);
		irq_gap();
		outb(HV_PORT_PIC1, OCW3_SPECIAL_OFF);
		outb(HV_PORT_PIC1 + 1, 0);
	}
	outb(HV_PORT_PIC1, OCW2_EOI_SPECIFIC | (vector - BASE1));
}

static void nest(uint8_t vector)
{
	if (vector == 0x4c) {
		pulse(9);
		irq_gap();
	}
	outb(HV_PORT_PIC2, OCW2_EOI);
	if (!pic_status(HV_PORT_PIC2, OCW3_ISR))
		outb(HV_PORT_PIC1, OCW2_EOI);
}

static void no_eoi(uint8_t vector)
{
	seen = pic_status(HV_PORT_PIC1, OCW3_ISR);
}

static void lower_eleven(uint8_t vector)
{
	if ((taken_so_far() & 0xffff) == 0x4b4b)
		wire(11, false);
	pic_eoi(vector);
}

static void modes(void)
{
	pic_init(ICW4_PC);
	pic_handler(special);
	pulse(3);
	check("special mask lets lower ones in", come(), 0x4346);
	pic_init(ICW4_PC | ICW4_NESTED);
	pic_handler(nest);
	pulse(12);
	check("special fully nested: the slave's higher ones come", come(), 0x4c49);
	pic_init(ICW4_PC | ICW4_AEOI);
	pic_handler(no_eoi);
	seen = 1;
	pulse(7);
	pulse(1);
	check("automatic EOI", come() << 8 | seen, 0x414700);
	pic_init(ICW4_PC);
	outb(HV_PORT_PIC1, OCW3_POLL);
	check("poll without a request", inb(HV_PORT_PIC1) & 0x80, 0);
	pulse(6);
	outb(HV_PORT_PIC1, OCW3_POLL);
	check("poll acknowledges", inb(HV_PORT_PIC1), 0x86);
	check("so that nothing comes", come(), 0);
	outb(HV_PORT_PIC1, OCW2_EOI);
	outb(HV_PORT_PIC_ELCR, 0xff);
	outb(HV_PORT_PIC_ELCR + 1, 0xff);
	check("ELCR leaves five edges", inb(HV_PORT_PIC_ELCR) << 8 | inb(HV_PORT_PIC_ELCR + 1),
	      0xf8de);
	pic_handler(lower_eleven);
	wire(11, true);
	check("a level comes until it falls", come(), 0x4b4b);
	wire(10, true);
	wire(10, false);
	check("and not at all if it falls first", come(), 0);
	outb(HV_PORT_PIC_ELCR, 0);
	outb(HV_PORT_PIC_ELCR + 1, 0);
}

void chip_cases(void)
{
	lines_and_masks();
	priorities();
	modes();
}
