package dev.amikeeper.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import static java.util.Objects.requireNonNull;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.image.Trigger;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.Put;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsResponse;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** What one image's life costs in write units: the figures of the catalogue's Javadoc. */
final class WriteUnitsTest {
    private static final Region EAST = new Region("us-east-1");
    private static final Region WEST = new Region("us-west-2");
    private static final Instant NOW = Instant.parse("2026-03-01T02:00:05Z");

    private final Meter meter = new Meter(TestTables.dynamoDb());
    private final Catalog catalog =
            new DynamoDbCatalog(
                    meter, TestTables.fresh(), "123456789012", pause -> {}, new Random(1));

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

    @Test
    void anIntentCosts7() {
        catalog.request(List.of(intent));

        assertThat(meter.read()).isEqualTo(7);
    }

    @Test
    void aStartCosts8() {
        goOn(intent, started);

        assertThat(meter.read()).isEqualTo(8);
    }

    @Test
    void becomingAvailableCosts4() {
        goOn(intent, started, available);

        assertThat(meter.read()).isEqualTo(4);
    }

    @Test
    void eachCopyBeginsAsAnIntentDoes() {
        goOn(intent, started);
        meter.read();

        catalog.save(new Change(started, available, List.of(copy), List.of()));

        assertThat(meter.read()).isEqualTo(4 + 7);
    }

    @Test
    void aRemovalCosts4ToBegin() {
        goOn(intent, started, available, retiring);

        assertThat(meter.read()).isEqualTo(4);
    }

    @Test
    void aBurialCosts9() {
        goOn(intent, started, available, retiring);
        meter.read();

        assertThat(catalog.bury(retiring, tombstone)).isTrue();
        assertThat(meter.read()).isEqualTo(9);
    }

    /** Goes these steps; the meter then shows the last one's cost. */
    private void goOn(Image first, Image... steps) {
        catalog.request(List.of(first));
        Image before = first;
        for (Image after : steps) {
            meter.read();
            assertThat(catalog.save(Change.of(before, after))).isTrue();
            before = after;
        }
    }

    /**
     * Counts by DynamoDB's rule for transactions: two write units for each item of up to 1 KB, the
     * checked ones too, and one for each entry that the index gains or loses. DynamoDB Local's own
     * count leaves most items of a transaction out.
     */
    private static final class Meter implements DynamoDbClient {
        private final DynamoDbClient dynamoDb;
        private int units;

        Meter(DynamoDbClient dynamoDb) {
            this.dynamoDb = dynamoDb;
        }

        /** The units since the last reading. */
        int read() {
            int read = units;
            units = 0;
            return read;
        }

        @Override
        public TransactWriteItemsResponse transactWriteItems(TransactWriteItemsRequest request) {
            TransactWriteItemsResponse response = dynamoDb.transactWriteItems(request);
            for (TransactWriteItem write : request.transactItems()) {
                Put put = write.put();
                units += put == null ? 2 : 2 * kilobytes(put.item());
                units += changesIndex(write) ? 1 : 0;
            }
            return response;
        }

        /** Only the records of images are indexed, by attributes that never change. */
        private static boolean changesIndex(TransactWriteItem write) {
            if (write.delete() != null) {
                return isImage(write.delete().key());
            }
            return write.put() != null
                    && isImage(write.put().item())
                    && "attribute_not_exists(pk)".equals(write.put().conditionExpression());
        }

        private static boolean isImage(Map<String, AttributeValue> item) {
            return requireNonNull(item.get("pk")).s().contains("/images/");
        }

        private static int kilobytes(Map<String, AttributeValue> item) {
            int bytes =
                    item.entrySet().stream()
                            .mapToInt(field -> field.getKey().length() + bytes(field.getValue()))
                            .sum();
            return (bytes + 1023) / 1024;
        }

        /** A text by its length, a list 3 and 1 for each element, numbers and truths generously. */
        private static int bytes(AttributeValue value) {
            return switch (value.type()) {
                case S -> value.s().length();
                case L -> value.l().stream().mapToInt(one -> 1 + bytes(one)).sum() + 3;
                default -> 21;
            };
        }

        @Override
        public String serviceName() {
            return dynamoDb.serviceName();
        }

        @Override
        public void close() {}
    }
}
