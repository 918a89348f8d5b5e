package dev.amikeeper.ec2;

import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.ServerCommand;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ssm.SsmClient;
import software.amazon.awssdk.services.ssm.model.CommandInvocation;
import software.amazon.awssdk.services.ssm.model.InstanceInformationStringFilter;
import software.amazon.awssdk.services.ssm.model.InvalidInstanceIdException;
import software.amazon.awssdk.services.ssm.model.PingStatus;

import java.util.Optional;
import java.util.function.Function;

/** The door to Systems Manager's Run Command. */
public final class Commands {
    private static final Logger log = LoggerFactory.getLogger(Commands.class);

    /** SendCommand takes no shorter time, in seconds. */
    private static final int LEAST_TIMEOUT = 30;

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
     * Whether an instance takes commands: its agent is connected.
     *
     * @throws SdkException if Systems Manager refuses or does not answer
     */
    public boolean takesCommands(Region region, InstanceId instance) {
        return ssm
                .apply(region)
                .describeInstanceInformation(ask ->
                        ask.filters(
                                InstanceInformationStringFilter.builder()
                                        .key("InstanceIds")
                                        .values(instance.value())
                                        .build()))
                .instanceInformationList()
                .stream()
                .anyMatch(node -> node.pingStatus() == PingStatus.ONLINE);
    }

    /**
     * Sends a command to an instance. There is no client token: what is sent twice runs twice.
     *
     * @param command the agent may take so long to fetch it, too; half a minute at least
     * @param comment at most 100 characters, by which it is found again
     * @throws SdkException if Systems Manager refuses or does not answer
     */
    public void send(Region region, InstanceId instance, ServerCommand command, String comment) {
        ssm.apply(region)
                .sendCommand(send ->
                        send.documentName(command.document())
                                .parameters(command.parameters())
                                .instanceIds(instance.value())
                                .comment(comment)
                                .timeoutSeconds(
                                        (int)
                                                Math.max(
                                                        LEAST_TIMEOUT,
                                                        command.within().toSeconds())));
    }

    /**
     * How a command on an instance stands that was sent with this comment; empty if there is none
     * to be seen, which may be because it was sent a moment ago. A listing has no filter by
     * comment, so all pages are read.
     *
     * @throws SdkException if Systems Manager refuses or does not answer
     */
    public Optional<Result> find(Region region, InstanceId instance, String comment) {
        return ssm
                .apply(region)
                .listCommandInvocationsPaginator(ask -> ask.instanceId(instance.value()))
                .commandInvocations()
                .stream()
                .filter(it -> comment.equals(it.comment()))
                .findFirst()
                .map(Commands::result);
    }

    /**
     * Asks Systems Manager to cancel a command that has not ended on an instance: one that the
     * agent has not fetched yet it never runs, one that runs it is told to stop, which AWS does not
     * promise. One that has ended, or is being cancelled, stays as it is.
     *
     * @see <a href=
     *     "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CancelCommand.html">
     *     CancelCommand</a>
     * @throws SdkException if Systems Manager refuses or does not answer
     */
    public void cancel(Region region, InstanceId instance, String comment) {
        SsmClient client = ssm.apply(region);
        client
                .listCommandInvocationsPaginator(ask -> ask.instanceId(instance.value()))
                .commandInvocations()
                .stream()
                .filter(it -> comment.equals(it.comment()))
                .filter(Commands::mayBeCancelled)
                .forEach(it ->
                        client.cancelCommand(cancel ->
                                cancel.commandId(it.commandId()).instanceIds(instance.value())));
    }

    private static boolean mayBeCancelled(CommandInvocation invocation) {
        return switch (invocation.status()) {
            case PENDING, IN_PROGRESS, DELAYED -> true;
            case SUCCESS, CANCELLING, CANCELLED, TIMED_OUT, FAILED, UNKNOWN_TO_SDK_VERSION -> false;
        };
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
        return result(invocation.get());
    }

    private static Result result(CommandInvocation invocation) {
        return switch (invocation.status()) {
            case SUCCESS -> Result.SUCCEEDED;
            case PENDING, IN_PROGRESS, DELAYED, CANCELLING -> Result.PENDING;
            case CANCELLED, TIMED_OUT, FAILED, UNKNOWN_TO_SDK_VERSION -> Result.FAILED;
        };
    }
}
