package dev.amikeeper.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.Application;
import dev.amikeeper.policy.Policies;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Twenty-seven days of the demo: all of its story, and what came of it. At night. */
@EnabledIfSystemProperty(named = "nightly", matches = "true")
@TestInstance(Lifecycle.PER_CLASS)
final class DemoStoryTest {
    private static final int DAYS = 27;

    private final DemoSummary account;

    DemoStoryTest() throws Exception {
        String yaml = Files.readString(Path.of("src/main/resources/demo-policies.yaml"));
        Policies policies = Policies.parse(yaml, "demo", Demo.HOME, Application.regions(Demo.HOME));
        account = new Demo(policies, DAYS, 1, Progress.NONE).play();
    }

    @Test
    void aDrillThatDoesNotBootIsAnnouncedAndTheNextOnePasses() {
        assertThat(then("does not boot")).isEqualTo("announced; passes on day 26");
    }

    @Test
    void aDrillWaitsForCapacity() {
        assertThat(then("no capacity")).startsWith("waits, and passes after ");
    }

    @Test
    void aLostServerIsBackFromItsNewestImage() {
        assertThat(then("is lost")).matches("back in \\d:\\d\\d min, as of 03-14 \\d\\d:30");
    }

    @Test
    void anImageOfOthersIsAdoptedAndCopied() {
        assertThat(then("adopted")).isEqualTo("a copy is ours, 2 more in DR Regions");
        assertThat(account.images())
                .filteredOn(line -> line.triggers().containsKey("adopted"))
                .singleElement()
                .satisfies(line -> assertThat(line.policy()).isEqualTo("gold"));
    }

    @Test
    void aPersonDeregistersWhatOnlyRulesKeep() {
        assertThat(then("deregisters")).isEqualTo("gone at once, though rules kept it");
    }

    @Test
    void allDrillsButTheOnePass() {
        DemoSummary.Drills drills = account.drills();

        assertThat(drills).isNotNull();
        assertThat(drills.failed()).isEqualTo(1);
        assertThat(drills.passed()).isEqualTo(9);
        assertThat(drills.underWay()).isZero();
        assertThat(drills.slowestSeconds()).isGreaterThan(drills.quickestSeconds());
    }

    /** The terminated one is promised nothing; the restored one is imaged like the lost one was. */
    @Test
    void nobodyIsLateAtTheEnd() {
        assertThat(account.status()).isEqualTo(new DemoSummary.ProtectionCounts(10, 0, 0, 2));
    }

    @Test
    void whatIsDisabledIsNotBroughtBackForNothing() {
        assertThat(account.calls())
                .filteredOn(calls -> calls.action().equals("ModifyImageAttribute"))
                .singleElement()
                .extracting(DemoSummary.ActionCalls::repeated)
                .isEqualTo(0);
    }

    @Test
    void fitsOnAScreen() {
        assertThat(new DemoSummaryText(account, Duration.ZERO, false).toString().lines())
                .hasSizeLessThanOrEqualTo(67)
                .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(100));
    }

    /** What came of the happening of the story that these words are about. */
    private String then(String words) {
        return account.story().stream()
                .filter(it -> it.what().contains(words))
                .map(DemoSummary.StoryEvent::then)
                .reduce((one, other) -> one + " / " + other)
                .orElse("");
    }
}
