"""Kernels of others, each by its own boot protocol, as far as it goes by itself."""
import pytest

from machine import BOOT, SERVICE, WAIT, linux, only

LINUX = "console=ttyS0 8250.nr_uarts=1 cryptomgr.notests=1 nokaslr mitigations=off audit=0"


def domain(name, kind, memory, **keys):
    return "\n".join([f"  - name: {name}", f"    type: {kind}", f"    memory: {memory}",
                      *(f"    {key}: {value}" for key, value in keys.items())]) + "\n"


def test_gnu_mach_asks_for_its_bootstrap(boot):
    m = boot([SERVICE, domain("mach", "multiboot", "64M", image="{build}/third/gnumach",
                              cmdline='"gnumach console=com0"', platform="pc")])
    m.expect(r"GNU Mach 1\.8", timeout=BOOT)
    m.expect(r"biosmem: 0*100000:0*4000000, available")
    m.expect("RTC time is 20", timeout=2 * WAIT)
    m.expect("bootstrap_create: No bootstrap code loaded with the kernel")
    assert "mach: stopped" not in m.seen()


def test_linux_comes_up_by_its_pvh_entry(boot):
    m = boot([domain("pvh", "pvh", "192M", image="{build}/third/vmlinux",
                     module="{build}/linux/initrd.img",
                     cmdline=f'"{LINUX} quiet name=pvh task=poweroff"')])
    m.expect(r"\[pvh\] pvh: no disk", timeout=2 * BOOT)
    m.expect("pvh: powered off")
    assert m.end() == 0


def test_linux_comes_up_by_its_32_bit_entry(boot):
    m = boot([linux("wide", "nokaslr mitigations=off audit=0 task=poweroff", entry=32)])
    m.expect(r"\[wide\] wide: no disk", timeout=2 * BOOT)
    m.expect("wide: powered off")
    assert m.end() == 0


@only("qemu", "a pass takes Bochs too long")
@pytest.mark.seconds(90)
def test_memtest_passes_64_mib_without_an_error(boot):
    """All tests but the last, bit fade, which waits for ten minutes and more."""
    m = boot([SERVICE, domain("memtest", "linux", "64M", kernel="{build}/third/memtest.bin",
                              cmdline='"console=ttyS0,115200 nosmp nopause nobench nosm"',
                              platform="pc")], args=["--timeout", "1800"])
    m.expect(r"Memtest86\+", timeout=BOOT)
    m.view("1")
    for key, answer in (("1", "Test selection"), ("1", "Remove one test"), ("2", "Enter test"),
                        ("10\r", r"\*\.\*{8}\."), ("0", "Settings"), ("0", "Address test")):
        m.type(key)
        m.expect(answer)
    passed = m.expect(r"Pass: +[1-9] +Errors: (\d+)", timeout=25 * WAIT)
    assert passed.group(1) == "0"
