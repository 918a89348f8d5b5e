package dev.amikeeper.retention;

import static dev.amikeeper.retention.PruneReport.PruneCount.AWAITING;
import static dev.amikeeper.retention.PruneReport.PruneCount.REMOVED;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.image.Image;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.Map;

/** A new table: its records are made from tags, and one approval is for all of them. */
final class ConfirmedRecordsTest {
    private final TestDeployment given =
            TestDeployment.nightlyInMemory(
                    """
                    keep: {last: 2}
                    limits: {maxRemovePercent: 100, maxRemoveCount: 200}
                    """);

    @Test
    void oneApprovalIsForAllRecordsThatWereMadeFromTagsByThen() {
        given.instance("web");
        given.nights(3);
        given.deployment.loseTable();
        given.deployment.sweep(given.cloud.now());
        assertThat(given.records(TestDeployment.EAST)).hasSize(3).allMatch(Image::adopted);

        PruneReport first = prune();
        assertThat(first.count(AWAITING)).isEqualTo(1);
        PruneReport approved = approve(first.policies().getFirst().digest());
        assertThat(approved.count(REMOVED)).isEqualTo(1);
        assertThat(given.records(TestDeployment.EAST)).hasSize(2).noneMatch(Image::adopted);

        given.nights(3, 2);
        PruneReport later = prune();
        assertThat(later.count(AWAITING)).isZero();
        assertThat(later.count(REMOVED)).isEqualTo(2);
    }

    @Test
    void aRecordThatIsMadeFromTagsAfterTheLookIsNotApprovedWithTheOthers() {
        given.instance("web");
        given.instance("db");
        given.nights(3);
        given.deployment.loseTable();
        given.deployment.sweep(given.cloud.now());
        String digest = prune().policies().getFirst().digest();
        given.instance("late");
        given.nights(3, 1);
        given.deployment.loseTable();
        given.deployment.sweep(given.cloud.now());

        PruneReport approved = approve(digest);

        assertThat(approved.problem()).contains("no plan has the digest");
        assertThat(given.records(TestDeployment.EAST)).allMatch(Image::adopted);
    }

    private PruneReport prune() {
        given.cloud.advance(Duration.ofMinutes(1));
        return given.deployment.prune(given.cloud.now(), false);
    }

    private PruneReport approve(String digest) {
        return new PruneHandler(given.deployment.application())
                .handleRequest(Map.of("approve", digest), given.context("PruneFunction"));
    }
}
