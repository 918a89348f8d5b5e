package dev.amikeeper;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The main way, end to end on the embedded cloud: tick, image, record, replicate, prune. */
final class MainWayTest {
    @Test
    void imagesCopiesAndPrunesForAWeek() {
        Given given =
                Given.onDynamoDbLocal(
                        """
                        policies:
                          gold:
                            select: {tags: {backup: gold}}
                            schedule: {cron: "0 2 * * *"}
                            keep: {last: 2}
                            replicate: {us-west-2: {}}
                        """);
        given.instance("web-1");
        given.instance(Given.EAST, "db-1", 3);

        given.playDays(7);

        assertThat(given.images(Given.EAST)).hasSize(4);
        assertThat(given.images(Given.WEST)).hasSize(4);
        assertThat(given.cloud.snapshots(Given.EAST)).hasSize(8);
        assertThat(given.cloud.snapshots(Given.WEST)).hasSize(8);
        assertThat(given.cloud.calls())
                .containsEntry("CreateImage", 14)
                .containsEntry("CopyImage", 14)
                .containsEntry("DeregisterImage", 20);
        assertThat(given.catalog().notices()).isEmpty();
        assertThat(given.deployment.deadLetters()).isEmpty();
        assertThat(given.deployment.deadKicks()).isZero();
    }
}
