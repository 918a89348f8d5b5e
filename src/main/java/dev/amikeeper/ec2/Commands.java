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

/** The access to Systems Manager's Run Command. */
public final class Commands {
    private static final Logger log = LoggerFactory.getLogger(Commands.class);

    /** The shortest timeout that SendCommand accepts, in seconds. */
    private static final int LEAST_TIMEOUT = 30;

    private final Function<Region, SsmClient> ssm;

    /** Sends commands in any Region. */
    public Commands(Function<Region, SsmClient> ssm) {
        this.ssm = ssm;
    }

    /** The result of a command on an instance. */
    public enum Result {
        /** It is running. */
        PENDING,
        /** It succeeded. */
        SUCCEEDED,
        /** It failed, was canceled or timed out. */
        FAILED
    }

    /**
     * Whether an instance can run commands, that is, whether its agent is connected.
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
     * Sends a command to an instance. There is no client token, so a command that is sent twice
     * runs twice.
     *
     * @param command its time limit also applies to its delivery to the agent, and is at least 30
     *     seconds
     * @param comment at most 100 characters, by which the command is found again
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
     * Returns the state of the command that was sent to an instance with this comment; empty if
     * none is listed, which may be because it was only just sent. A listing cannot be filtered by
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
     * Asks Systems Manager to cancel a command that has not ended on an instance. If the agent has
     * not fetched it yet, it never runs. If it is running, the agent is told to stop it, which AWS
     * does not guarantee. A command that has ended, or is being canceled, is not changed.
     *
     * @see <a
     *     href="https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CancelCommand.html">CancelCommand</a>
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
     * Runs a document on an instance unless it was already run there, because SendCommand has no
     * client token. Use it only on instances on which nobody else runs the document.
     *
     * @return the state of the command; also pending while the instance's agent has not reported
     *     yet
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
