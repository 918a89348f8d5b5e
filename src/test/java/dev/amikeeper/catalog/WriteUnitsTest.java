package dev.amikeeper.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.local.dynamodb.CapacityUnits;
import dev.amikeeper.local.dynamodb.MemoryDynamoDb;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.time.Instant;
import java.util.List;
import java.util.Random;

/** What one image's life costs in write units: the figures of the catalogue's Javadoc. */
final class WriteUnitsTest {
    private static final Region EAST = new Region("us-east-1");
    private static final Region WEST = new Region("us-west-2");
    private static final Instant NOW = Instant.parse("2026-03-01T02:00:05Z");

    private final MemoryDynamoDb dynamoDb = new SimulatedCloud(NOW, 1).tables(EAST.name());
    private final Catalog catalog =
            new DynamoDbCatalog(dynamoDb, "table", "123456789012", pause -> {}, new Random(1));
    private CapacityUnits read = dynamoDb.units();

    private final Image intent =
            Image.intent(
                    new ImageName(
                            "gold",
                            new InstanceId("i-0abc1234def567890"),
                            new Slot(Instant.parse("2026-03-01T02:00:00Z"))),
                    EAST,
                    Trigger.SCHEDULED,
                    NOW);
    private final Image started = intent.started(new ImageId("ami-0abcdef1234567890"), 3, NOW);
    private final Image available = started.available(true, NOW);
    private final Image copy = available.copyTo(WEST, NOW);
    private final Image retiring =
            available.retiring(
                    "no rule keeps it",
                    List.of(
                            new SnapshotId("snap-0abcdef1234567891"),
                            new SnapshotId("snap-0abcdef1234567892"),
                            new SnapshotId("snap-0abcdef1234567893")),
                    NOW);
    private final Tombstone tombstone = new Tombstone(retiring, NOW, "prune", "no rule keeps it");

    @BeforeEach
    void begin() {
        dynamoDb.addTable("table");
    }

    @Test
    void anIntentCosts7() {
        catalog.request(List.of(intent));

        assertThat(written()).isEqualTo(7);
    }

    @Test
    void aStartCosts8() {
        goOn(intent, started);

        assertThat(written()).isEqualTo(8);
    }

    @Test
    void becomingAvailableCosts4() {
        goOn(intent, started, available);

        assertThat(written()).isEqualTo(4);
    }

    @Test
    void eachCopyBeginsAsAnIntentDoes() {
        goOn(intent, started);
        written();

        catalog.save(new Change(started, available, List.of(copy), List.of()));

        assertThat(written()).isEqualTo(4 + 7);
    }

    @Test
    void aRemovalCosts4ToBegin() {
        goOn(intent, started, available, retiring);

        assertThat(written()).isEqualTo(4);
    }

    @Test
    void aBurialCosts9() {
        goOn(intent, started, available, retiring);
        written();

        assertThat(catalog.bury(retiring, tombstone)).isTrue();
        assertThat(written()).isEqualTo(9);
    }

    /** Goes these steps; what is written then is the last one's cost. */
    private void goOn(Image first, Image... steps) {
        catalog.request(List.of(first));
        Image before = first;
        for (Image after : steps) {
            written();
            assertThat(catalog.save(Change.of(before, after))).isTrue();
            before = after;
        }
    }

    /** The units since the last reading. */
    private int written() {
        CapacityUnits before = read;
        read = dynamoDb.units();
        return (int) read.since(before).write();
    }
}
