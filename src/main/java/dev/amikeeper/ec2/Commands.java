package dev.amikeeper.ec2;

import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ssm.SsmClient;
import software.amazon.awssdk.services.ssm.model.CommandInvocation;
import software.amazon.awssdk.services.ssm.model.InvalidInstanceIdException;

import java.util.Optional;
import java.util.function.Function;

/** The door to Systems Manager's Run Command. */
public final class Commands {
    private static final Logger log = LoggerFactory.getLogger(Commands.class);

    private final Function<Region, SsmClient> ssm;

    /** Commands in any Region. */
    public Commands(Function<Region, SsmClient> ssm) {
        this.ssm = ssm;
    }

    /** How a command on an instance ended. */
    public enum Result {
        /** It is under way. */
        PENDING,
        /** It succeeded. */
        SUCCEEDED,
        /** It failed, was cancelled or timed out. */
        FAILED
    }

    /**
     * Runs a document on an instance, unless it has been run on it already: SendCommand has no
     * client token. To be used on instances on which nobody else runs it.
     *
     * @return how the command stands; pending also while the instance's agent has not reported yet
     * @throws SdkException if Systems Manager refuses or does not answer
     */
    public Result run(Region region, InstanceId instance, String document) {
        SsmClient client = ssm.apply(region);
        Optional<CommandInvocation> invocation =
                client
                        .listCommandInvocations(ask -> ask.instanceId(instance.value()))
                        .commandInvocations()
                        .stream()
                        .filter(it -> it.documentName().equals(document))
                        .findFirst();
        if (invocation.isEmpty()) {
            try {
                client.sendCommand(
                        command -> command.documentName(document).instanceIds(instance.value()));
            } catch (InvalidInstanceIdException agentIsNotThereYet) {
                log.info("{} {}: {}", region, instance, Fault.text(agentIsNotThereYet));
            }
            return Result.PENDING;
        }
        return switch (invocation.get().status()) {
            case SUCCESS -> Result.SUCCEEDED;
            case PENDING, IN_PROGRESS, DELAYED, CANCELLING -> Result.PENDING;
            case CANCELLED, TIMED_OUT, FAILED, UNKNOWN_TO_SDK_VERSION -> Result.FAILED;
        };
    }
}
