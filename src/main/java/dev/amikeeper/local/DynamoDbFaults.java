package dev.amikeeper.local;

import dev.amikeeper.local.Faults.Fault;

import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttribute;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.interceptor.SdkExecutionAttribute;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;
import software.amazon.awssdk.services.dynamodb.model.ProvisionedThroughputExceededException;

import java.util.Optional;

/** Sends the calls of a real DynamoDB client past the faults of the simulated cloud. */
final class DynamoDbFaults implements ExecutionInterceptor, Calls.Errors {
    private static final ExecutionAttribute<Fault> MET = new ExecutionAttribute<>("FaultMet");

    private final String region;
    private final Calls calls;

    DynamoDbFaults(String region, Calls calls) {
        this.region = region;
        this.calls = calls;
    }

    @Override
    public void beforeExecution(Context.BeforeExecution context, ExecutionAttributes attributes) {
        calls.enter(action(attributes), Optional.empty(), this)
                .ifPresent(fault -> attributes.putAttribute(MET, fault));
    }

    @Override
    public void afterExecution(Context.AfterExecution context, ExecutionAttributes attributes) {
        attributes
                .getOptionalAttribute(MET)
                .ifPresent(fault -> Calls.leave(fault, action(attributes)));
    }

    @Override
    public AwsServiceException throttled() {
        return ProvisionedThroughputExceededException.builder()
                .statusCode(400)
                .message("The level of configured provisioned throughput was exceeded.")
                .awsErrorDetails(details("ProvisionedThroughputExceededException"))
                .build();
    }

    @Override
    public AwsServiceException error(String code, int status, String message) {
        DynamoDbException.Builder error = DynamoDbException.builder();
        error.statusCode(status).message(message).awsErrorDetails(details(code));
        return error.build();
    }

    private Calls.Action action(ExecutionAttributes attributes) {
        return new Calls.Action(
                attributes.getAttribute(SdkExecutionAttribute.OPERATION_NAME), region);
    }

    private static AwsErrorDetails details(String code) {
        return AwsErrorDetails.builder().serviceName("DynamoDb").errorCode(code).build();
    }
}
