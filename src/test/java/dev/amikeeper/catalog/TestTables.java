package dev.amikeeper.catalog;

import dev.amikeeper.local.dynamodb.LocalDynamoDb;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/** One DynamoDB Local for all tests of a run, and a fresh table for whoever asks. */
public final class TestTables {
    private static final LocalDynamoDb LOCAL = new LocalDynamoDb();
    private static final AtomicInteger COUNT = new AtomicInteger();

    private TestTables() {}

    public static LocalDynamoDb local() {
        return LOCAL;
    }

    public static DynamoDbClient dynamoDb() {
        return LOCAL.client();
    }

    public static String fresh() {
        String table = "table-" + COUNT.incrementAndGet();
        LOCAL.createTable(table);
        return table;
    }

    public static Catalog freshCatalog() {
        return new DynamoDbCatalog(dynamoDb(), fresh(), "123456789012", pause -> {}, new Random(1));
    }
}
