package dev.amikeeper.operate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.Machine;
import dev.amikeeper.image.Snapshot;
import dev.amikeeper.image.SnapshotId;

import org.junit.jupiter.api.Test;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a person says and what EC2 knows make a whole. */
final class RegisterPlanTest {
    private static final Optional<String> NONE = Optional.empty();
    private static final Order.Boot NOTHING_SAID = new Order.Boot(NONE, NONE, NONE);
    private static final Snapshot ROOT = snapshot("snap-1", "vol-1");
    private static final Snapshot DATA = snapshot("snap-2", "vol-2");
    private static final Machine SERVER =
            machine("/dev/xvda", "arm64", Map.of("vol-1", "/dev/xvda", "vol-2", "/dev/sdf"));

    @Test
    void whatTheServerTellsIsNotAsked() {
        RegisterPlan plan =
                RegisterPlan.of(
                        List.of(ROOT, DATA),
                        Optional.empty(),
                        Map.of(),
                        NOTHING_SAID,
                        List.of(SERVER));

        assertThat(volumes(plan)).isEqualTo(Map.of("/dev/xvda", ROOT.id(), "/dev/sdf", DATA.id()));
    }

    @Test
    void aPersonIsRight() {
        RegisterPlan plan =
                RegisterPlan.of(
                        List.of(ROOT, DATA),
                        Optional.of(DATA.id()),
                        Map.of(ROOT.id(), "/dev/sdh"),
                        new Order.Boot(Optional.of("/dev/sda1"), Optional.of("x86_64"), NONE),
                        List.of(SERVER));

        assertThat(volumes(plan)).isEqualTo(Map.of("/dev/sda1", DATA.id(), "/dev/sdh", ROOT.id()));
        assertThat(((RegisterPlan.Ready) plan).blueprint().machine().architecture())
                .isEqualTo("x86_64");
    }

    @Test
    void anOlderImageKnowsAVolumeThatIsNoLongerAttached() {
        Machine now = machine("/dev/xvda", "arm64", Map.of("vol-1", "/dev/xvda"));

        RegisterPlan plan =
                RegisterPlan.of(
                        List.of(ROOT, DATA),
                        Optional.empty(),
                        Map.of(),
                        NOTHING_SAID,
                        List.of(now, SERVER));

        assertThat(volumes(plan)).containsEntry("/dev/sdf", DATA.id());
    }

    @Test
    void theOnlyVolumeIsTheRoot() {
        Snapshot copied = snapshot("snap-1", "");

        RegisterPlan plan =
                RegisterPlan.of(
                        List.of(copied), Optional.empty(), Map.of(), NOTHING_SAID, List.of(SERVER));

        assertThat(volumes(plan)).isEqualTo(Map.of("/dev/xvda", copied.id()));
    }

    @Test
    void allThatIsLackingIsSaidAtOnce() {
        assertThat(
                        lacking(
                                RegisterPlan.of(
                                        List.of(ROOT, DATA),
                                        Optional.of(ROOT.id()),
                                        Map.of(),
                                        NOTHING_SAID,
                                        List.of())))
                .containsExactly(
                        "its root device is no longer known: name it (--root-device)",
                        "its architecture is no longer known: name it (--architecture)",
                        "nothing tells which device snap-2 was attached as: name it (--volume"
                                + " DEVICE=snap-2)");
    }

    @Test
    void aDeviceHasOneSnapshotAndOneOfThemIsTheRoot() {
        Snapshot older = snapshot("snap-0", "vol-1");

        assertThat(
                        lacking(
                                RegisterPlan.of(
                                        List.of(older, ROOT),
                                        Optional.empty(),
                                        Map.of(),
                                        NOTHING_SAID,
                                        List.of(SERVER))))
                .containsExactly(
                        "snap-0 and snap-1 are both of /dev/xvda: name the one that is meant");
        assertThat(
                        lacking(
                                RegisterPlan.of(
                                        List.of(DATA),
                                        Optional.empty(),
                                        Map.of(),
                                        NOTHING_SAID,
                                        List.of(SERVER))))
                .containsExactly("none of them is of the root device, /dev/xvda: name it (--root)");
    }

    @Test
    void nitroTpmIsLeftOutWhereAPersonSaysThatItBootsWithoutUefi() {
        Machine uefi =
                new Machine(
                        "/dev/xvda",
                        "x86_64",
                        Optional.of("uefi"),
                        Optional.of("v2.0"),
                        Optional.of("v2.0"),
                        Optional.of("simple"),
                        true,
                        "hvm",
                        "",
                        List.of(),
                        Map.of());

        assertThat(uefi.as(NONE, NONE, NONE)).isEqualTo(uefi);
        Machine bios = uefi.as(NONE, NONE, Optional.of("legacy-bios"));
        assertThat(bios.bootMode()).contains("legacy-bios");
        assertThat(bios.tpm()).isEmpty();
        assertThat(bios.imds()).contains("v2.0");
    }

    private static Map<String, SnapshotId> volumes(RegisterPlan plan) {
        assertThat(plan).isInstanceOf(RegisterPlan.Ready.class);
        return ((RegisterPlan.Ready) plan).blueprint().volumes();
    }

    private static List<String> lacking(RegisterPlan plan) {
        assertThat(plan).isInstanceOf(RegisterPlan.Lacking.class);
        return ((RegisterPlan.Lacking) plan).what();
    }

    private static Snapshot snapshot(String id, String volume) {
        return new Snapshot(new SnapshotId(id), Map.of(), Instant.EPOCH, "completed", volume);
    }

    private static Machine machine(
            String rootDevice, String architecture, Map<String, String> devices) {
        return new Machine(
                rootDevice,
                architecture,
                NONE,
                NONE,
                NONE,
                NONE,
                true,
                "hvm",
                "Linux/UNIX",
                List.of(),
                devices);
    }
}
