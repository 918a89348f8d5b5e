package dev.amikeeper.local;

import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.dynamodb.model.CancellationReason;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;
import software.amazon.awssdk.services.dynamodb.model.ProvisionedThroughputExceededException;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;

import java.util.List;

/** DynamoDB's errors. */
public final class DynamoDbErrors implements Calls.Errors {
    @Override
    public AwsServiceException throttled() {
        return fill(
                ProvisionedThroughputExceededException.builder(),
                "ProvisionedThroughputExceededException",
                400,
                "The level of configured provisioned throughput was exceeded.");
    }

    @Override
    public AwsServiceException error(String code, int status, String message) {
        // This is not an error of its own, but the reason of one.
        if (code.equals("TransactionConflict")) {
            return cancelled(List.of(CancellationReason.builder().code(code).build()));
        }
        return fill(DynamoDbException.builder(), code, status, message);
    }

    public static AwsServiceException invalid(String message) {
        return fill(DynamoDbException.builder(), "ValidationException", 400, message);
    }

    public static AwsServiceException noTable() {
        return fill(
                ResourceNotFoundException.builder(),
                "ResourceNotFoundException",
                400,
                "Cannot do operations on a non-existent table");
    }

    public static AwsServiceException conditionFailed() {
        return fill(
                ConditionalCheckFailedException.builder(),
                "ConditionalCheckFailedException",
                400,
                "The conditional request failed");
    }

    public static AwsServiceException cancelled(List<CancellationReason> reasons) {
        return fill(
                TransactionCanceledException.builder().cancellationReasons(reasons),
                "TransactionCanceledException",
                400,
                "Transaction cancelled, please refer cancellation reasons for specific reasons "
                        + reasons.stream().map(CancellationReason::code).toList());
    }

    private static AwsServiceException fill(
            AwsServiceException.Builder error, String code, int status, String message) {
        return error.statusCode(status)
                .message(message)
                .awsErrorDetails(
                        AwsErrorDetails.builder().serviceName("DynamoDb").errorCode(code).build())
                .build();
    }
}
