package dev.amikeeper.local;

import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;

import java.util.function.Supplier;

/**
 * The errors of a service that has the same kind of exception for all of them.
 *
 * @param service its name, as the SDK tells it
 * @param throttling the code of an error that says that calls come too fast
 * @param exception a new one
 */
record ServiceErrors(
        String service,
        String throttling,
        Supplier<? extends AwsServiceException.Builder> exception)
        implements Calls.Errors {
    @Override
    public AwsServiceException throttled() {
        return error(throttling, 400, "Rate exceeded");
    }

    @Override
    public AwsServiceException error(String code, int status, String message) {
        return exception
                .get()
                .statusCode(status)
                .message(message)
                .awsErrorDetails(
                        AwsErrorDetails.builder()
                                .serviceName(service)
                                .errorCode(code)
                                .errorMessage(message)
                                .build())
                .build();
    }
}
