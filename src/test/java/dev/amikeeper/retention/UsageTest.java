package dev.amikeeper.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.retention.Usage.Answer;
import dev.amikeeper.retention.Usage.Probe;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;
import java.util.Optional;

final class UsageTest {
    private static final ImageId IMAGE = new ImageId("ami-1");

    private final Probe free = new Probe("instances", Map.of(), Optional.empty());
    private final Probe used =
            new Probe("launch templates", Map.of(IMAGE, List.of("web v3")), Optional.empty());
    private final Probe denied =
            new Probe("groups", Map.of(), Optional.of("no permission to DescribeGroups"));

    @Test
    void anImageThatNoProbeSeesInUseIsUnused() {
        assertThat(Usage.of(List.of(free, free)).of(IMAGE)).isEqualTo(new Answer.Unused());
    }

    @Test
    void oneProbeThatSeesAUserIsEnough() {
        assertThat(Usage.of(List.of(free, used)).of(IMAGE))
                .isEqualTo(new Answer.Used(List.of("web v3")));
    }

    @Test
    void usedWinsOverUnknown() {
        assertThat(Usage.of(List.of(denied, used)).of(IMAGE))
                .isEqualTo(new Answer.Used(List.of("web v3")));
    }

    @Test
    void oneProbeThatCannotTellMakesItUnknown() {
        assertThat(Usage.of(List.of(free, denied)).of(IMAGE))
                .isEqualTo(new Answer.Unknown(List.of("groups: no permission to DescribeGroups")));
    }

    @Test
    void whatAHalfReadProbeSawStillCounts() {
        Probe half =
                new Probe("instances", Map.of(IMAGE, List.of("i-1")), Optional.of("throttled"));

        assertThat(Usage.of(List.of(half)).of(IMAGE)).isEqualTo(new Answer.Used(List.of("i-1")));
        assertThat(Usage.of(List.of(half)).of(new ImageId("ami-2")))
                .isEqualTo(new Answer.Unknown(List.of("instances: throttled")));
    }

    @Test
    void withoutAnyProbeNothingIsKnown() {
        assertThat(Usage.of(List.of()).of(IMAGE))
                .isEqualTo(new Answer.Unknown(List.of("nothing was asked")));
    }

    @Test
    void namesEveryUserOnce() {
        Probe both =
                new Probe("fleets", Map.of(IMAGE, List.of("web v3", "spot")), Optional.empty());

        assertThat(Usage.of(List.of(used, both)).of(IMAGE))
                .isEqualTo(new Answer.Used(List.of("web v3", "spot")));
    }

    @Test
    void usersAreShownWithoutControlCharacters() {
        Probe rude = new Probe("fleets", Map.of(IMAGE, List.of("a\nb")), Optional.empty());

        assertThat(Usage.of(List.of(rude)).of(IMAGE)).isEqualTo(new Answer.Used(List.of("a?b")));
    }
}
