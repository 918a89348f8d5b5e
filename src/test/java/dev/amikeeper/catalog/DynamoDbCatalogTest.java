package dev.amikeeper.catalog;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

/** The catalogue on DynamoDB Local. */
final class DynamoDbCatalogTest extends CatalogContract {
    @Override
    DynamoDbClient dynamoDb() {
        return TestTables.dynamoDb();
    }

    @Override
    String freshTable() {
        return TestTables.fresh();
    }
}
