package dev.amikeeper.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.UnfinishedPrune;
import dev.amikeeper.local.RecordedCloud;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.time.Instant;
import java.util.Map;

/** The mark of a pruning run that ran out of time, as the first version with one wrote it. */
final class StoredPrunesTest {
    private static final UnfinishedPrune MARK =
            new UnfinishedPrune(
                    Instant.parse("2026-03-01T04:30:00Z"),
                    Map.of("gold", new UnfinishedPrune.Taken(70, 8, 9)));

    @Test
    void theMarkMeansTheSame() throws IOException {
        JsonNode items =
                JsonMapper.builder().build().readTree(StoredItemsTest.text("prune", "items.json"));
        TestDeployment given = new TestDeployment(StoredItemsTest.text("39c78ed", "policies.yaml"));
        RecordedCloud.put(items, given.cloud, TestDeployment.EAST, "catalogue");

        assertThat(given.catalog().unfinishedPrune()).contains(MARK);
    }

    /** What the recorder writes down. */
    static JsonNode play() throws IOException {
        TestDeployment given = new TestDeployment(StoredItemsTest.text("39c78ed", "policies.yaml"));
        Catalog catalog = given.catalog();
        catalog.unfinished(MARK);
        return RecordedCloud.items(
                given.cloud,
                TestDeployment.EAST,
                given.deployment.application().settings().table());
    }
}
