package dev.amikeeper.image;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.Map;

final class InstanceTest {
    @ParameterizedTest
    @CsvSource({
        "pending, true, false",
        "running, true, false",
        "stopping, true, false",
        "stopped, true, false",
        "shutting-down, false, true",
        "terminated, false, true"
    })
    void canBeImagedOrIsGoneByItsState(String state, boolean canBeImaged, boolean isGone) {
        assertThat(instance().in(state).canBeImaged()).isEqualTo(canBeImaged);
        assertThat(instance().in(state).isGone()).isEqualTo(isGone);
    }

    @Test
    void isImagedWithoutTheExcludedVolumesThatItHas() {
        assertThat(instance().imagedWithout(List.of("/dev/sdc", "/dev/sdx")))
                .containsExactly("/dev/sdc");
    }

    @Test
    void isNeverImagedWithoutItsRoot() {
        assertThat(instance().imagedWithout(List.of("/dev/sda1", "/dev/sdb")))
                .containsExactly("/dev/sdb");
    }

    private static Instance instance() {
        return new Instance(
                new InstanceId("i-1"),
                new Region("us-east-1"),
                "running",
                Map.of(),
                "/dev/sda1",
                List.of("/dev/sda1", "/dev/sdb", "/dev/sdc"));
    }
}
