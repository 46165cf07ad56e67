"""The smallest system: one guest of ours and no service domain."""
from machine import BOOT, hello, only


def test_a_guest_prints_and_the_machine_powers_off(boot):
    m = boot(config="hello")
    m.expect(r"\[hello\] hello: hello, incarnation 1", timeout=BOOT)
    for beat in (1, 2, 3):
        m.expect(rf"\[hello\] hello: beat {beat}")
    m.expect(r"\[hello\] hello: done")
    m.expect("hello: powered off")
    m.expect("system: power off")
    assert m.end() == 0


def test_the_log_begins_with_a_verdict_on_the_hardware(boot):
    m = boot([hello("one", "beats=1")])
    assert m.end(timeout=BOOT) == 0
    lines = m.seen().splitlines()
    first = next(i for i, line in enumerate(lines) if "Bulkhead" in line)
    head = "\n".join(lines[first:first + 8])
    assert "backend: AMD-V" in head or "backend: VT-x" in head
    assert "features in use:" in head


def test_uefi_boots_the_same_image(boot):
    m = boot(config="hello", args=["--firmware", "uefi"])
    m.expect(r"\[hello\] hello: done", timeout=2 * BOOT)
    assert m.end() == 0


def test_four_cpus_are_started(boot):
    m = boot([hello("one", "beats=2", cpu=3), hello("two", "beats=2", cpu=1)],
             args=["--cpus", "4"])
    m.expect_all([r"\[one\] one: done", r"\[two\] two: done"], timeout=BOOT)
    assert m.end() == 0


def test_the_uart_of_a_guest_of_ours_prints(boot):
    m = boot([hello("one", "uart beats=2")])
    m.expect(r"\[one\] one: done", timeout=BOOT)
    assert m.end() == 0


def run_bench(m):
    m.expect_all([r"bench: \S+ \d+ in \d+ rounds|\[bench\] \S+ \d+ in \d+ rounds",
                  r"\[echo\] echo: done"], timeout=BOOT)
    assert m.end(timeout=BOOT) == 0


def test_the_bench_measures_every_path(boot):
    run_bench(boot(config="bench"))


@only("bochs", "QEMU's AMD-V has no next RIP, no flush by ASID and no pause filter")
def test_the_bench_measures_every_path_on_an_amd_v_that_has_more(boot):
    m = boot(config="bench", args=["--cpu", "ryzen"])
    m.expect("backend: AMD-V", timeout=BOOT)
    m.expect("svm: next RIP.*: yes")
    run_bench(m)
