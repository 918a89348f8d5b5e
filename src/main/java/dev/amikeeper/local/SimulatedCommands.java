package dev.amikeeper.local;

import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.SummaryStatus;
import software.amazon.awssdk.services.ssm.model.CancelCommandRequest;
import software.amazon.awssdk.services.ssm.model.CancelCommandResponse;
import software.amazon.awssdk.services.ssm.model.Command;
import software.amazon.awssdk.services.ssm.model.CommandInvocation;
import software.amazon.awssdk.services.ssm.model.CommandInvocationStatus;
import software.amazon.awssdk.services.ssm.model.DescribeInstanceInformationRequest;
import software.amazon.awssdk.services.ssm.model.DescribeInstanceInformationResponse;
import software.amazon.awssdk.services.ssm.model.GetCommandInvocationRequest;
import software.amazon.awssdk.services.ssm.model.GetCommandInvocationResponse;
import software.amazon.awssdk.services.ssm.model.InstanceInformation;
import software.amazon.awssdk.services.ssm.model.ListCommandInvocationsRequest;
import software.amazon.awssdk.services.ssm.model.ListCommandInvocationsResponse;
import software.amazon.awssdk.services.ssm.model.ListCommandsRequest;
import software.amazon.awssdk.services.ssm.model.ListCommandsResponse;
import software.amazon.awssdk.services.ssm.model.PingStatus;
import software.amazon.awssdk.services.ssm.model.SendCommandRequest;
import software.amazon.awssdk.services.ssm.model.SendCommandResponse;
import software.amazon.awssdk.services.ssm.model.Target;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Run Command in one Region. An instance takes commands while it runs and its checks have passed;
 * before that, its agent is not registered. There is no client token: a command that is sent twice
 * runs twice.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html">
 *     SendCommand</a>
 */
final class SimulatedCommands {
    private static final int MOST_RESULTS = 50;
    private static final int NOT_YET = -1;

    /** How long a script may run by default: {@code executionTimeout} in a document. */
    private static final Duration EXECUTION = Duration.ofHours(1);

    private static final Listing<CommandInvocation> LISTING =
            new Listing<>(SimulatedCommands::key, _ -> List.of(), Map.of());

    private final String region;
    private final CloudCore core;
    private final Supplier<SimulatedInstances> instances;
    private final Calls.Errors errors;
    private final SortedMap<String, CommandInvocation> invocations = new TreeMap<>();
    private final SortedMap<String, Command> commands = new TreeMap<>();

    SimulatedCommands(
            String region,
            CloudCore core,
            Supplier<SimulatedInstances> instances,
            Calls.Errors errors) {
        this.region = region;
        this.core = core;
        this.instances = instances;
        this.errors = errors;
    }

    SendCommandResponse send(SendCommandRequest request) {
        if (!core.settings().hasDocument(request.documentName())) {
            throw wrong("InvalidDocument", "The document does not exist.");
        }
        List<String> ids =
                Stream.concat(
                                request.instanceIds().stream(),
                                request.targets().stream().flatMap(SimulatedCommands::named))
                        .distinct()
                        .toList();
        if (ids.isEmpty()) {
            throw wrong("ValidationException", "Give instance ids or targets.");
        }
        ids.forEach(this::requireAgent);
        String command = core.ids().uuid();
        for (String id : ids) {
            CommandInvocation invocation =
                    CommandInvocation.builder()
                            .commandId(command)
                            .instanceId(id)
                            .comment(request.comment())
                            .documentName(request.documentName())
                            .requestedDateTime(core.timeline().instant())
                            .status(CommandInvocationStatus.IN_PROGRESS)
                            .statusDetails("InProgress")
                            .build();
            invocations.put(key(invocation), invocation);
            boolean hangs = hangs(invocation);
            core.timeline()
                    .in(
                            hangs ? EXECUTION : core.settings().commandTime(),
                            () -> end(invocation, hangs));
        }
        Command sent =
                Command.builder()
                        .commandId(command)
                        .documentName(request.documentName())
                        .parameters(request.parameters())
                        .instanceIds(ids)
                        .requestedDateTime(core.timeline().instant())
                        .targetCount(ids.size())
                        .status("InProgress")
                        .statusDetails("InProgress")
                        .build();
        commands.put(command, sent);
        return SendCommandResponse.builder().command(sent).build();
    }

    /** Shows the commands as they were sent; their invocations tell their status. */
    ListCommandsResponse listCommands(ListCommandsRequest request) {
        if (request.commandId() == null) {
            throw new UnsupportedOperationException("commands but by their id");
        }
        return ListCommandsResponse.builder()
                .commands(Stream.ofNullable(commands.get(request.commandId())).toList())
                .build();
    }

    /** The instances with a connected agent, of those that a filter names. */
    DescribeInstanceInformationResponse describe(DescribeInstanceInformationRequest request) {
        List<String> wanted =
                request.filters().stream()
                        .peek(filter -> requireInstanceIds(filter.key()))
                        .flatMap(filter -> filter.values().stream())
                        .toList();
        return DescribeInstanceInformationResponse.builder()
                .instanceInformationList(
                        wanted.stream()
                                .filter(id ->
                                        instances
                                                .get()
                                                .find(id)
                                                .filter(SimulatedCommands::takesCommands)
                                                .isPresent())
                                .map(id ->
                                        InstanceInformation.builder()
                                                .instanceId(id)
                                                .pingStatus(PingStatus.ONLINE)
                                                .build())
                                .toList())
                .build();
    }

    private void requireInstanceIds(String key) {
        if (!"InstanceIds".equals(key)) {
            throw wrong("InvalidFilterKey", "The filter key " + key + " isn't valid");
        }
    }

    GetCommandInvocationResponse get(GetCommandInvocationRequest request) {
        CommandInvocation found = invocations.get(request.commandId() + " " + request.instanceId());
        if (found == null) {
            throw wrong("InvocationDoesNotExist", "No such command on this instance.");
        }
        int code =
                switch (found.status()) {
                    case SUCCESS -> 0;
                    case FAILED, TIMED_OUT -> 1;
                    default -> NOT_YET;
                };
        return GetCommandInvocationResponse.builder()
                .commandId(found.commandId())
                .instanceId(found.instanceId())
                .documentName(found.documentName())
                .comment(found.comment())
                .status(found.status())
                .statusDetails(found.statusDetails())
                .responseCode(code)
                .build();
    }

    /** A command that has ended does not change any more. */
    CancelCommandResponse cancel(CancelCommandRequest request) {
        List<CommandInvocation> its =
                invocations.values().stream()
                        .filter(it -> it.commandId().equals(request.commandId()))
                        .filter(it -> Listing.isAmong(request.instanceIds(), it.instanceId()))
                        .toList();
        if (its.isEmpty()) {
            throw wrong("InvalidCommandId", "The command id isn't valid.");
        }
        its.stream()
                .filter(SimulatedCommands::isUnderWay)
                .forEach(it -> ends(it, CommandInvocationStatus.CANCELLED, "Cancelled"));
        return CancelCommandResponse.builder().build();
    }

    private static boolean isUnderWay(CommandInvocation invocation) {
        return invocation.status() == CommandInvocationStatus.IN_PROGRESS;
    }

    ListCommandInvocationsResponse list(ListCommandInvocationsRequest request) {
        int results = Objects.requireNonNullElse(request.maxResults(), MOST_RESULTS);
        if (results < 1 || results > MOST_RESULTS) {
            throw wrong("ValidationException", "maxResults is between 1 and 50: " + results);
        }
        Stream<CommandInvocation> wanted =
                invocations.values().stream()
                        .filter(it ->
                                request.commandId() == null
                                        || request.commandId().equals(it.commandId()))
                        .filter(it ->
                                request.instanceId() == null
                                        || request.instanceId().equals(it.instanceId()));
        Listing.Page<CommandInvocation> page = LISTING.cut(wanted, results, request.nextToken());
        return ListCommandInvocationsResponse.builder()
                .commandInvocations(page.items())
                .nextToken(page.nextToken())
                .build();
    }

    private static String key(CommandInvocation invocation) {
        return invocation.commandId() + " " + invocation.instanceId();
    }

    private static Stream<String> named(Target target) {
        if (!"InstanceIds".equals(target.key())) {
            throw new UnsupportedOperationException("targets by " + target.key());
        }
        return target.values().stream();
    }

    private void requireAgent(String id) {
        if (instances.get().find(id).filter(SimulatedCommands::takesCommands).isEmpty()) {
            throw wrong("InvalidInstanceId", "Instances [[" + id + "]] not in a valid state");
        }
    }

    private static boolean takesCommands(LocalInstance instance) {
        return instance.state() == InstanceStateName.RUNNING
                && instance.checks() == SummaryStatus.OK;
    }

    private boolean hangs(CommandInvocation invocation) {
        return instances
                .get()
                .find(invocation.instanceId())
                .filter(instance ->
                        core.settings()
                                .hangs(invocation.documentName(), instance.hidden().launch()))
                .isPresent();
    }

    private void end(CommandInvocation invocation, boolean hangs) {
        if (Optional.ofNullable(invocations.get(key(invocation)))
                .filter(SimulatedCommands::isUnderWay)
                .isEmpty()) {
            return;
        }
        Optional<LocalInstance> instance =
                instances
                        .get()
                        .find(invocation.instanceId())
                        .filter(it -> it.state() == InstanceStateName.RUNNING);
        boolean succeeds =
                !hangs
                        && instance.isPresent()
                        && core.settings()
                                .succeeds(
                                        invocation.documentName(),
                                        instance.get().hidden().launch());
        String details =
                succeeds
                        ? "Success"
                        : instance.isEmpty()
                                ? "Undeliverable"
                                : hangs ? "ExecutionTimedOut" : "Failed";
        CommandInvocationStatus status =
                succeeds
                        ? CommandInvocationStatus.SUCCESS
                        : details.equals("ExecutionTimedOut")
                                ? CommandInvocationStatus.TIMED_OUT
                                : CommandInvocationStatus.FAILED;
        ends(invocation, status, details);
    }

    private void ends(
            CommandInvocation invocation, CommandInvocationStatus status, String details) {
        core.events()
                .commandEnded(
                        region,
                        invocation.instanceId(),
                        invocation.commandId(),
                        invocation.documentName(),
                        invocation.requestedDateTime().toString(),
                        status.toString());
        invocations.put(
                key(invocation),
                invocation.toBuilder().status(status).statusDetails(details).build());
    }

    private AwsServiceException wrong(String code, String message) {
        return errors.error(code, 400, message);
    }
}
