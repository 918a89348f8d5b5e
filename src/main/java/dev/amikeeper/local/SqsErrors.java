package dev.amikeeper.local;

import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.sqs.model.MessageNotInflightException;
import software.amazon.awssdk.services.sqs.model.QueueDoesNotExistException;
import software.amazon.awssdk.services.sqs.model.ReceiptHandleIsInvalidException;
import software.amazon.awssdk.services.sqs.model.RequestThrottledException;
import software.amazon.awssdk.services.sqs.model.SqsException;

/** SQS's errors. */
final class SqsErrors implements Calls.Errors {
    @Override
    public AwsServiceException throttled() {
        return fill(RequestThrottledException.builder(), "RequestThrottled", 403, "Rate exceeded");
    }

    @Override
    public AwsServiceException error(String code, int status, String message) {
        return fill(SqsException.builder(), code, status, message);
    }

    static AwsServiceException invalidValue(String message) {
        return fill(SqsException.builder(), "InvalidParameterValue", 400, message);
    }

    static AwsServiceException missing(String parameter) {
        return fill(
                SqsException.builder(),
                "MissingParameter",
                400,
                "The request must contain the parameter " + parameter + ".");
    }

    static AwsServiceException noQueue() {
        return fill(
                QueueDoesNotExistException.builder(),
                "AWS.SimpleQueueService.NonExistentQueue",
                400,
                "The specified queue does not exist.");
    }

    static AwsServiceException badHandle() {
        return fill(
                ReceiptHandleIsInvalidException.builder(),
                "ReceiptHandleIsInvalid",
                400,
                "The input receipt handle is invalid.");
    }

    static AwsServiceException notInFlight() {
        return fill(
                MessageNotInflightException.builder(),
                "MessageNotInflight",
                400,
                "The message is not in flight.");
    }

    private static AwsServiceException fill(
            AwsServiceException.Builder error, String code, int status, String message) {
        return error.statusCode(status)
                .message(message)
                .awsErrorDetails(
                        AwsErrorDetails.builder().serviceName("Sqs").errorCode(code).build())
                .build();
    }
}
