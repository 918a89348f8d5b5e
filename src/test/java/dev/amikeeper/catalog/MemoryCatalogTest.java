package dev.amikeeper.catalog;

import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.local.dynamodb.MemoryDynamoDb;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

import java.time.Instant;

/** The catalogue on a table in memory, whose pages are small enough to be many. */
final class MemoryCatalogTest extends CatalogContract {
    private final MemoryDynamoDb memory =
            new SimulatedCloud(Instant.parse("2026-03-01T00:00:00Z"), 1).tables("us-east-1");

    @Override
    DynamoDbClient dynamoDb() {
        return memory;
    }

    @Override
    String freshTable() {
        memory.pageSize(3);
        memory.addTable("catalogue");
        return "catalogue";
    }
}
