package dev.amikeeper.local;

import dev.amikeeper.local.Faults.InjectedFault;

import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttribute;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.interceptor.SdkExecutionAttribute;

import java.util.Optional;

/** Applies the simulated cloud's faults to the calls of a real DynamoDB client. */
final class DynamoDbFaults implements ExecutionInterceptor {
    private static final Calls.Errors ERRORS = new DynamoDbErrors();
    private static final ExecutionAttribute<InjectedFault> MET =
            new ExecutionAttribute<>("FaultMet");

    private final String region;
    private final Calls calls;

    DynamoDbFaults(String region, Calls calls) {
        this.region = region;
        this.calls = calls;
    }

    @Override
    public void beforeExecution(Context.BeforeExecution context, ExecutionAttributes attributes) {
        calls.enter(action(attributes), Optional.empty(), ERRORS)
                .ifPresent(fault -> attributes.putAttribute(MET, fault));
    }

    @Override
    public void afterExecution(Context.AfterExecution context, ExecutionAttributes attributes) {
        attributes
                .getOptionalAttribute(MET)
                .ifPresent(fault -> Calls.leave(fault, action(attributes)));
    }

    private Calls.Action action(ExecutionAttributes attributes) {
        return new Calls.Action(
                attributes.getAttribute(SdkExecutionAttribute.OPERATION_NAME), region);
    }
}
