package dev.amikeeper.local.dynamodb;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.TestTables;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Trigger;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.QueryRequest;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/** What is remembered is never older than the last write. */
final class RememberingDynamoDbTest {
    private static final Region EAST = new Region("us-east-1");
    private static final Instant NOW = Instant.parse("2026-03-01T00:00:00Z");

    private final Catalog catalog = TestTables.freshCatalog();
    private final Image intent =
            Image.intent(
                    new ImageName("gold", new InstanceId("i-1"), new Slot(NOW)),
                    EAST,
                    Trigger.SCHEDULED,
                    NOW);

    @Test
    void findsWhatIsWrittenAfterNothingWasFound() {
        assertThat(waiting(NOW)).isEmpty();

        catalog.request(List.of(intent));

        assertThat(waiting(NOW)).containsExactly(intent);
    }

    @Test
    void doesNotTakeFilteredOutForNothing() {
        catalog.request(List.of(intent));

        assertThat(waiting(NOW.minusSeconds(60))).isEmpty();
        assertThat(waiting(NOW)).containsExactly(intent);
    }

    @Test
    void doesNotTakeTheEndOfThePagesForNothing() {
        String table = TestTables.fresh();
        DynamoDbClient dynamoDb = TestTables.dynamoDb();
        dynamoDb.putItem(put ->
                put.tableName(table)
                        .item(
                                Map.of(
                                        "pk",
                                        AttributeValue.fromS("a"),
                                        "sk",
                                        AttributeValue.fromS("b"))));
        QueryRequest query =
                QueryRequest.builder()
                        .tableName(table)
                        .keyConditionExpression("pk = :pk")
                        .expressionAttributeValues(Map.of(":pk", AttributeValue.fromS("a")))
                        .build();

        // The page ends with the last item, so that another one has to be asked for.
        assertThat(dynamoDb.queryPaginator(query.copy(q -> q.limit(1))).items()).hasSize(1);
        assertThat(dynamoDb.query(query).items()).hasSize(1);
    }

    @Test
    void findsByTheIndexWhatIsWrittenIntoAnyPartition() {
        assertThat(catalog.ofInstance(intent.name().instance())).isEmpty();

        catalog.request(List.of(intent));

        assertThat(catalog.ofInstance(intent.name().instance())).containsExactly(intent);
    }

    @Test
    void findsEachChangeOfWhatItRemembers() {
        catalog.request(List.of(intent));
        assertThat(catalog.ofPolicy("gold", EAST)).containsExactly(intent);
        assertThat(catalog.ofPolicy("silver", EAST)).isEmpty();

        Image started = intent.started(new ImageId("ami-1"), 1, NOW);
        catalog.save(Change.of(intent, started));

        assertThat(catalog.ofPolicy("gold", EAST)).containsExactly(started);
    }

    private List<Image> waiting(Instant now) {
        return catalog.work(EAST, Work.CREATE_WAITING, now, 10);
    }
}
