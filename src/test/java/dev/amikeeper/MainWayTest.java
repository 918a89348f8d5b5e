package dev.amikeeper;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The main way, end to end on the embedded cloud: tick, image, record, replicate, prune. */
final class MainWayTest {
    @Test
    void imagesCopiesAndPrunesForAWeek() {
        TestDeployment given =
                TestDeployment.onDynamoDbLocal(
                        """
                        policies:
                          gold:
                            select: {tags: {backup: gold}}
                            schedule: {cron: "0 2 * * *"}
                            keep: {last: 2}
                            replicate: {us-west-2: {}}
                        """);
        given.instance("web-1");
        given.instance(TestDeployment.EAST, "db-1", 3);

        given.playDays(7);

        assertThat(given.images(TestDeployment.EAST)).hasSize(4);
        assertThat(given.images(TestDeployment.WEST)).hasSize(4);
        assertThat(given.cloud.snapshots(TestDeployment.EAST)).hasSize(8);
        assertThat(given.cloud.snapshots(TestDeployment.WEST)).hasSize(8);
        assertThat(given.cloud.calls())
                .containsEntry("CreateImage", 14)
                .containsEntry("CopyImage", 14)
                .containsEntry("DeregisterImage", 20);
        assertThat(given.catalog().notices()).isEmpty();
        assertThat(given.deployment.deadLetters()).isEmpty();
        assertThat(given.deployment.deadKicks()).isZero();
    }
}
