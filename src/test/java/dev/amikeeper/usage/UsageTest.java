package dev.amikeeper.usage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.usage.Usage.Answer;
import dev.amikeeper.usage.Usage.Finding;
import dev.amikeeper.usage.Usage.Report;

import org.junit.jupiter.api.Test;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

final class UsageTest {
    private static final ImageId IMAGE = new ImageId("ami-1");
    private static final ImageId OTHER = new ImageId("ami-2");
    private static final Instant AT = Instant.parse("2026-03-05T05:00:00Z");

    private final Report free = new Report("instances", AT, Map.of(), Optional.empty());
    private final Report used =
            new Report("launch templates", AT, Map.of(IMAGE, List.of("web v3")), Optional.empty());
    private final Report denied =
            new Report("groups", AT, Map.of(), Optional.of("no permission to DescribeGroups"));

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
        Report half =
                new Report(
                        "instances", AT, Map.of(IMAGE, List.of("i-1")), Optional.of("throttled"));

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
        Report both =
                new Report(
                        "fleets", AT, Map.of(IMAGE, List.of("web v3", "spot")), Optional.empty());

        assertThat(Usage.of(List.of(used, both)).of(IMAGE))
                .isEqualTo(new Answer.Used(List.of("web v3", "spot")));
    }

    @Test
    void usersAreShownWithoutControlCharacters() {
        Report rude = new Report("fleets", AT, Map.of(IMAGE, List.of("a\nb")), Optional.empty());

        assertThat(Usage.of(List.of(rude)).of(IMAGE)).isEqualTo(new Answer.Used(List.of("a?b")));
    }

    @Test
    void everyProbeTellsItsOwnAnswerAndItsDate() {
        Report later = new Report("fleets", AT.plusSeconds(5), Map.of(), Optional.empty());

        assertThat(Usage.of(List.of(used, later, denied)).findings(IMAGE))
                .containsExactly(
                        new Finding("launch templates", AT, new Answer.Used(List.of("web v3"))),
                        new Finding("fleets", AT.plusSeconds(5), new Answer.Unused()),
                        new Finding(
                                "groups",
                                AT,
                                new Answer.Unknown(List.of("no permission to DescribeGroups"))));
    }

    @Test
    void aProbeKnowsNothingOfAnImageThatItWasNotAskedAbout() {
        Usage usage = Usage.of(List.of(free.askedOnly(Set.of(IMAGE))));

        assertThat(usage.of(IMAGE)).isEqualTo(new Answer.Unused());
        assertThat(usage.of(OTHER)).isEqualTo(new Answer.Unknown(List.of("instances: not asked")));
    }

    @Test
    void whatAProbeFoundOfOneImageGoesBeforeWhatItSaysOfAll() {
        Instant reported = AT.minusSeconds(60);
        Finding own = new Finding("reports", reported, new Answer.Unknown(List.of("requested")));
        Report reports =
                new Report(
                        "reports",
                        AT,
                        Map.of(),
                        Optional.empty(),
                        Optional.empty(),
                        Map.of(IMAGE, own));

        assertThat(Usage.of(List.of(reports)).findings(IMAGE)).containsExactly(own);
        assertThat(Usage.of(List.of(reports)).of(IMAGE))
                .isEqualTo(new Answer.Unknown(List.of("reports: requested")));
        assertThat(Usage.of(List.of(reports)).of(OTHER)).isEqualTo(new Answer.Unused());
    }

    @Test
    void moreProbesAddTheirAnswers() {
        assertThat(Usage.of(List.of(free)).and(List.of(used)).of(IMAGE))
                .isEqualTo(new Answer.Used(List.of("web v3")));
        assertThat(Usage.of(List.of(free)).and(List.of()).of(IMAGE)).isEqualTo(new Answer.Unused());
    }

    @Test
    void anImageIsLeftOutIfANarrowProbeWasNotAskedAboutIt() {
        Usage usage = Usage.of(List.of(free)).and(List.of(denied.askedOnly(Set.of(IMAGE))));

        assertThat(usage.leftOut(OTHER)).isTrue();
        assertThat(usage.and(List.of(used)).leftOut(OTHER)).isTrue();
        assertThat(Usage.of(List.of(used, free.askedOnly(Set.of()))).leftOut(IMAGE)).isTrue();
        assertThat(usage.leftOut(IMAGE)).isFalse();
        assertThat(Usage.of(List.of(denied)).and(List.of(free.askedOnly(Set.of()))).leftOut(IMAGE))
                .isFalse();
    }
}
