package dev.amikeeper.local;

import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.ssm.SsmClient;
import software.amazon.awssdk.services.ssm.model.CancelCommandRequest;
import software.amazon.awssdk.services.ssm.model.CancelCommandResponse;
import software.amazon.awssdk.services.ssm.model.DeleteParameterRequest;
import software.amazon.awssdk.services.ssm.model.DeleteParameterResponse;
import software.amazon.awssdk.services.ssm.model.DescribeInstanceInformationRequest;
import software.amazon.awssdk.services.ssm.model.DescribeInstanceInformationResponse;
import software.amazon.awssdk.services.ssm.model.DescribeParametersRequest;
import software.amazon.awssdk.services.ssm.model.DescribeParametersResponse;
import software.amazon.awssdk.services.ssm.model.GetCommandInvocationRequest;
import software.amazon.awssdk.services.ssm.model.GetCommandInvocationResponse;
import software.amazon.awssdk.services.ssm.model.GetParametersRequest;
import software.amazon.awssdk.services.ssm.model.GetParametersResponse;
import software.amazon.awssdk.services.ssm.model.ListCommandInvocationsRequest;
import software.amazon.awssdk.services.ssm.model.ListCommandInvocationsResponse;
import software.amazon.awssdk.services.ssm.model.ListCommandsRequest;
import software.amazon.awssdk.services.ssm.model.ListCommandsResponse;
import software.amazon.awssdk.services.ssm.model.Parameter;
import software.amazon.awssdk.services.ssm.model.ParameterMetadata;
import software.amazon.awssdk.services.ssm.model.ParameterStringFilter;
import software.amazon.awssdk.services.ssm.model.PutParameterRequest;
import software.amazon.awssdk.services.ssm.model.PutParameterResponse;
import software.amazon.awssdk.services.ssm.model.SendCommandRequest;
import software.amazon.awssdk.services.ssm.model.SendCommandResponse;
import software.amazon.awssdk.services.ssm.model.SsmException;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Systems Manager in one Region: parameters, of which only the newest version is kept, and Run
 * Command.
 */
public final class SimulatedSsm implements SsmClient {
    private static final Calls.Errors ERRORS =
            new ServiceErrors("Ssm", "ThrottlingException", SsmException::builder);
    private static final String IMAGE = "aws:ec2:image";
    private static final int MOST_AT_ONCE = 10;
    private static final int MOST_RESULTS = 50;

    private static final Listing<Parameter> PARAMETERS =
            new Listing<>(Parameter::name, _ -> List.of(), Map.of());

    private final String region;
    private final CloudCore core;
    private final Calls calls;
    private final SimulatedCommands commands;
    private final SortedMap<String, Parameter> parameters = new TreeMap<>();

    SimulatedSsm(
            String region, CloudCore core, Calls calls, Supplier<SimulatedInstances> instances) {
        this.region = region;
        this.core = core;
        this.calls = calls;
        commands = new SimulatedCommands(region, core, instances, ERRORS);
    }

    @Override
    public PutParameterResponse putParameter(PutParameterRequest request) {
        return call(
                "PutParameter",
                () -> {
                    Parameter before = parameters.get(request.name());
                    if (before != null && !Boolean.TRUE.equals(request.overwrite())) {
                        throw wrong("ParameterAlreadyExists", "The parameter already exists.");
                    }
                    long version = before == null ? 1 : before.version() + 1;
                    parameters.put(
                            request.name(),
                            Parameter.builder()
                                    .name(request.name())
                                    .value(request.value())
                                    .type(request.type())
                                    .dataType(
                                            Objects.requireNonNullElse(request.dataType(), "text"))
                                    .version(version)
                                    .arn(arn(request.name()))
                                    .lastModifiedDate(core.timeline().instant())
                                    .build());
                    return PutParameterResponse.builder().version(version).build();
                });
    }

    @Override
    public DeleteParameterResponse deleteParameter(DeleteParameterRequest request) {
        return call(
                "DeleteParameter",
                () -> {
                    if (parameters.remove(request.name()) == null) {
                        throw wrong(
                                "ParameterNotFound", "Parameter " + request.name() + " not found.");
                    }
                    return DeleteParameterResponse.builder().build();
                });
    }

    @Override
    public DescribeParametersResponse describeParameters(DescribeParametersRequest request) {
        return call(
                "DescribeParameters",
                () -> {
                    int results = Objects.requireNonNullElse(request.maxResults(), MOST_RESULTS);
                    if (results < 1 || results > MOST_RESULTS) {
                        throw wrong(
                                "ValidationException",
                                "maxResults is between 1 and 50: " + results);
                    }
                    Predicate<Parameter> wanted =
                            request.parameterFilters().stream()
                                    .map(SimulatedSsm::predicate)
                                    .reduce(_ -> true, Predicate::and);
                    Listing.Page<Parameter> page =
                            PARAMETERS.cut(
                                    parameters.values().stream().filter(wanted),
                                    results,
                                    request.nextToken());
                    return DescribeParametersResponse.builder()
                            .parameters(page.items().stream().map(SimulatedSsm::metadata).toList())
                            .nextToken(page.nextToken())
                            .build();
                });
    }

    @Override
    public GetParametersResponse getParameters(GetParametersRequest request) {
        return call(
                "GetParameters",
                () -> {
                    if (request.names().isEmpty() || request.names().size() > MOST_AT_ONCE) {
                        throw wrong("ValidationException", "Give 1 to 10 names.");
                    }
                    return GetParametersResponse.builder()
                            .parameters(
                                    request.names().stream()
                                            .flatMap(
                                                    name -> Stream.ofNullable(parameters.get(name)))
                                            .toList())
                            .invalidParameters(
                                    request.names().stream()
                                            .filter(name -> !parameters.containsKey(name))
                                            .toList())
                            .build();
                });
    }

    @Override
    public SendCommandResponse sendCommand(SendCommandRequest request) {
        return call("SendCommand", () -> commands.send(request));
    }

    @Override
    public CancelCommandResponse cancelCommand(CancelCommandRequest request) {
        return call("CancelCommand", () -> commands.cancel(request));
    }

    @Override
    public DescribeInstanceInformationResponse describeInstanceInformation(
            DescribeInstanceInformationRequest request) {
        return call("DescribeInstanceInformation", () -> commands.describe(request));
    }

    @Override
    public GetCommandInvocationResponse getCommandInvocation(GetCommandInvocationRequest request) {
        return call("GetCommandInvocation", () -> commands.get(request));
    }

    @Override
    public ListCommandInvocationsResponse listCommandInvocations(
            ListCommandInvocationsRequest request) {
        return call("ListCommandInvocations", () -> commands.list(request));
    }

    @Override
    public ListCommandsResponse listCommands(ListCommandsRequest request) {
        return call("ListCommands", () -> commands.listCommands(request));
    }

    @Override
    public String serviceName() {
        return SERVICE_NAME;
    }

    @Override
    public void close() {}

    /** The ARNs of the parameters of the image data type that hold this image's id. */
    List<String> holding(String image) {
        return parameters.values().stream()
                .filter(parameter -> IMAGE.equals(parameter.dataType()))
                .filter(parameter -> image.equals(parameter.value()))
                .map(Parameter::arn)
                .toList();
    }

    private String arn(String name) {
        String path = name.startsWith("/") ? name : "/" + name;
        return "arn:aws:ssm:%s:%s:parameter%s".formatted(region, core.account(), path);
    }

    private static ParameterMetadata metadata(Parameter parameter) {
        return ParameterMetadata.builder()
                .name(parameter.name())
                .arn(parameter.arn())
                .type(parameter.type())
                .dataType(parameter.dataType())
                .version(parameter.version())
                .lastModifiedDate(parameter.lastModifiedDate())
                .build();
    }

    private static Predicate<Parameter> predicate(ParameterStringFilter filter) {
        boolean begins = "BeginsWith".equals(filter.option());
        return parameter -> {
            String value =
                    switch (filter.key()) {
                        case "Name" -> parameter.name();
                        case "Type" -> parameter.typeAsString();
                        case "DataType" -> parameter.dataType();
                        default ->
                                throw wrong(
                                        "InvalidFilterKey",
                                        "The filter key " + filter.key() + " is not valid.");
                    };
            return filter.values().stream()
                    .anyMatch(it -> begins ? value.startsWith(it) : value.equals(it));
        };
    }

    private <T> T call(String action, Supplier<T> work) {
        return calls.run(new Calls.Action(action, region), Optional.empty(), ERRORS, work);
    }

    private static AwsServiceException wrong(String code, String message) {
        return ERRORS.error(code, 400, message);
    }
}
