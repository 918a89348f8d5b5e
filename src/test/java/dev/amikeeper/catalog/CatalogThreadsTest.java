package dev.amikeeper.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.local.dynamodb.MemoryDynamoDb;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/** Eight threads use one catalogue, as the workers' calls do. */
final class CatalogThreadsTest {
    private static final Region EAST = new Region("us-east-1");
    private static final Instant NOW = Instant.parse("2026-03-01T02:00:05Z");
    private static final String TABLE = "table";

    private final MemoryDynamoDb dynamoDb = new SimulatedCloud(NOW, 1).tables(EAST.name());
    private final Catalog catalog =
            new DynamoDbCatalog(dynamoDb, TABLE, "123456789012", pause -> {}, new Random(1));

    @BeforeEach
    void begin() {
        dynamoDb.addTable(TABLE);
    }

    @Test
    void whatCannotBeReadIsKnownToEachThreadThatReadIt() {
        catalog.request(intents(20));
        Image bad = intents(1).getFirst();
        edit(bad, "trigger", "MOON");

        SideBySide.EIGHT.forEach(
                IntStream.range(0, 800).boxed().toList(),
                () -> true,
                _ -> {
                    assertThat(catalog.ofPolicy("gold", EAST)).hasSize(19);
                    assertThat(catalog.unreadable(EAST)).containsExactly(bad.name());
                });

        edit(bad, "trigger", "SCHEDULED");
        assertThat(catalog.ofPolicy("gold", EAST)).hasSize(20);
        assertThat(catalog.unreadable(EAST)).isEmpty();
    }

    @Test
    void whatAVersionDoesNotKnowOutlivesTheStepsOfManyThreads() {
        List<Image> intents = intents(200);
        catalog.request(intents);
        intents.forEach(intent -> edit(intent, "newer", "kept"));

        SideBySide.EIGHT.forEach(
                intents,
                () -> true,
                intent -> {
                    Image read = catalog.find(EAST, intent.name()).orElseThrow();
                    Image started = read.started(ami(intent), 1, NOW);
                    assertThat(catalog.save(Change.of(read, started))).isTrue();
                    assertThat(catalog.save(Change.of(started, started.available(true, NOW))))
                            .isTrue();
                });

        assertThat(catalog.ofPolicy("gold", EAST)).hasSize(200).allMatch(Image::isGood);
        assertThat(intents)
                .allMatch(intent -> String.valueOf(item(intent).get("newer")).contains("kept"));
    }

    @Test
    void ofManyThreadsThatTakeOneStepOneTakesIt() {
        Image intent = intents(1).getFirst();
        catalog.request(List.of(intent));
        Set<Integer> took = ConcurrentHashMap.newKeySet();

        SideBySide.EIGHT.forEach(
                IntStream.range(0, 64).boxed().toList(),
                () -> true,
                i -> {
                    Image started = intent.started(new ImageId("ami-" + i), 1, NOW);
                    if (catalog.save(Change.of(intent, started))) {
                        took.add(i);
                    }
                });

        assertThat(took).hasSize(1);
        assertThat(catalog.find(EAST, intent.name()).flatMap(Image::id))
                .contains(new ImageId("ami-" + took.iterator().next()));
    }

    private static ImageId ami(Image intent) {
        return new ImageId(intent.name().instance().value().replace("i-", "ami-"));
    }

    private static List<Image> intents(int count) {
        return IntStream.range(0, count)
                .mapToObj(i ->
                        Image.intent(
                                new ImageName(
                                        "gold",
                                        new InstanceId("i-" + i),
                                        new Slot(Instant.parse("2026-03-01T02:00:00Z"))),
                                EAST,
                                Trigger.SCHEDULED,
                                NOW))
                .toList();
    }

    private Map<String, AttributeValue> item(Image image) {
        return dynamoDb.getItem(get ->
                        get.tableName(TABLE)
                                .key(
                                        Map.of(
                                                "pk",
                                                AttributeValue.fromS(
                                                        "123456789012/us-east-1/images/gold"),
                                                "sk",
                                                AttributeValue.fromS(
                                                        image.name().instance()
                                                                + "/"
                                                                + image.name().slot()))))
                .item();
    }

    private void edit(Image image, String attribute, String value) {
        Map<String, AttributeValue> item = new HashMap<>(item(image));
        item.put(attribute, AttributeValue.fromS(value));
        dynamoDb.putItem(put -> put.tableName(TABLE).item(item));
    }
}
