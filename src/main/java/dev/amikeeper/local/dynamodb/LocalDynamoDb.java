package dev.amikeeper.local.dynamodb;

import static software.amazon.awssdk.services.dynamodb.model.KeyType.HASH;
import static software.amazon.awssdk.services.dynamodb.model.KeyType.RANGE;

import dev.amikeeper.catalog.DynamoDbCatalog;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.GlobalSecondaryIndex;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.Projection;
import software.amazon.awssdk.services.dynamodb.model.ProjectionType;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;
import software.amazon.dynamodb.services.local.embedded.DynamoDBEmbedded;
import software.amazon.dynamodb.services.local.shared.access.AmazonDynamoDBLocal;

import java.util.List;
import java.util.stream.Stream;

/** AWS's DynamoDB Local, in process and in memory. */
public final class LocalDynamoDb implements AutoCloseable {
    private static final Projection KEYS =
            Projection.builder().projectionType(ProjectionType.KEYS_ONLY).build();

    private final AmazonDynamoDBLocal local;
    private final DynamoDbClient client;

    public LocalDynamoDb() {
        local = DynamoDBEmbedded.create(true);
        client = local.dynamoDbClient();
    }

    public DynamoDbClient client() {
        return client;
    }

    /** Creates the table that the template defines. */
    public void createTable(String table) {
        client.createTable(create ->
                create.tableName(table)
                        .billingMode(BillingMode.PAY_PER_REQUEST)
                        .attributeDefinitions(
                                Stream.of("pk", "sk", "gpk", "gsk")
                                        .map(LocalDynamoDb::string)
                                        .toList())
                        .keySchema(key("pk", "sk"))
                        .globalSecondaryIndexes(
                                GlobalSecondaryIndex.builder()
                                        .indexName(DynamoDbCatalog.BY_INSTANCE)
                                        .keySchema(key("gpk", "gsk"))
                                        .projection(KEYS)
                                        .build()));
    }

    @Override
    public void close() {
        local.shutdownNow();
    }

    private static AttributeDefinition string(String name) {
        return AttributeDefinition.builder()
                .attributeName(name)
                .attributeType(ScalarAttributeType.S)
                .build();
    }

    private static List<KeySchemaElement> key(String hash, String range) {
        return List.of(element(hash, HASH), element(range, RANGE));
    }

    private static KeySchemaElement element(String name, KeyType type) {
        return KeySchemaElement.builder().attributeName(name).keyType(type).build();
    }
}
