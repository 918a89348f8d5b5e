package dev.amikeeper;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.fasterxml.jackson.databind.ObjectMapper;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.snakeyaml.engine.v2.api.ConstructNode;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.constructor.StandardConstructor;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Holds the templates to what a deployment rests on, and the sample events to the templates. */
final class TemplateTest {
    private static final Object HOME = template("template.yaml");
    private static final Object OTHER_REGION = template("dr-region.yaml");
    private static final ObjectMapper JSON = new ObjectMapper();

    @ParameterizedTest
    @MethodSource("functions")
    void handlerIsOnTheClassPathAndLambdaCanMakeIt(String function) throws Exception {
        Class<?> handler = Class.forName(text(resource(function), "Properties.Handler"));

        assertThat(handler).isAssignableTo(RequestHandler.class).isPublic();
        assertThat(handler.getConstructor()).isNotNull();
    }

    @ParameterizedTest
    @MethodSource("functions")
    void logsAreKeptForTheDaysThatTheParameterSays(String function) {
        Object logs = resource(at(resource(function), "Properties.LoggingConfig.LogGroup"));

        assertThat(at(logs, "Properties.RetentionInDays"))
                .isEqualTo(Map.of("Ref", "LogRetentionDays"));
    }

    @ParameterizedTest
    @MethodSource("functions")
    void everyTriggerHasADeadLetterQueue(String function) {
        assertThat(triggers(function))
                .isNotEmpty()
                .allSatisfy(trigger ->
                        assertThat(deadLetterQueue(trigger))
                                .endsWith("DeadLetterQueue")
                                .satisfies(TemplateTest::resource));
    }

    @ParameterizedTest
    @MethodSource("functions")
    void aFailedRunOfAnEventIsKept(String function) {
        boolean invokedByEvents =
                triggers(function).stream().noneMatch(trigger -> isType(trigger, "SQS"));

        assertThat(
                        find(
                                        resource(function),
                                        "Properties.EventInvokeConfig.DestinationConfig.OnFailure.Destination")
                                .map(TemplateTest::logicalId))
                .isEqualTo(
                        invokedByEvents ? Optional.of("EventDeadLetterQueue") : Optional.empty());
    }

    @ParameterizedTest
    @CsvSource({"CreateImageFunction, CreateQueue", "CopyImageFunction, CopyQueue"})
    void theGroupOfAKilledWorkerMovesOnJustAfterItsTimeOut(String function, String queue) {
        Object timeout =
                find(resource(function), "Properties.Timeout")
                        .orElseGet(() -> at(HOME, "Globals.Function.Timeout"));

        assertThat((Integer) at(resource(queue), "Properties.VisibilityTimeout"))
                .isGreaterThan((Integer) timeout)
                .isLessThanOrEqualTo((Integer) timeout + 60);
    }

    @ParameterizedTest
    @CsvSource({"CreateImageFunction, CreateQueue", "CopyImageFunction, CopyQueue"})
    void aWorkerAnswersForEachKickOfItsQueue(String function, String queue) {
        assertThat(triggers(function))
                .singleElement()
                .satisfies(kick -> {
                    assertThat(logicalId(at(kick, "Properties.Queue"))).isEqualTo(queue);
                    assertThat(at(kick, "Properties.FunctionResponseTypes"))
                            .isEqualTo(List.of("ReportBatchItemFailures"));
                });
    }

    @Test
    void everyDeadLetterQueueRaisesAnAlarm() {
        List<String> queues =
                resources(HOME, "AWS::SQS::Queue").keySet().stream()
                        .filter(queue -> queue.endsWith("DeadLetterQueue"))
                        .toList();

        assertThat(resources(HOME, "AWS::CloudWatch::Alarm").values())
                .allSatisfy(alarm ->
                        assertThat(at(alarm, "Properties.AlarmActions"))
                                .isEqualTo(List.of(Map.of("Ref", "AlertTopic"))))
                .flatExtracting(alarm -> list(at(alarm, "Properties.Dimensions")))
                .extracting(dimension -> logicalId(at(dimension, "Value")))
                .containsExactlyInAnyOrderElementsOf(queues);
    }

    @Test
    void theCatalogueOutlivesItsStack() {
        Object table = resource("Table");

        assertThat(at(table, "DeletionPolicy")).isEqualTo("Retain");
        assertThat(at(table, "UpdateReplacePolicy")).isEqualTo("Retain");
        assertThat(
                        at(
                                table,
                                "Properties.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled"))
                .isEqualTo(true);
    }

    @Test
    void otherRegionsForwardWhatTheHomeRegionListensTo() {
        List<Map<String, Object>> listenedTo =
                functions()
                        .flatMap(function -> patterns(function).stream())
                        .map(TemplateTest::ofTheRuleOwnRegion)
                        .toList();

        assertThat(resources(OTHER_REGION, "AWS::Events::Rule").values())
                .extracting(rule -> map(at(rule, "Properties.EventPattern")))
                .containsExactlyInAnyOrderElementsOf(listenedTo);
    }

    @ParameterizedTest
    @CsvSource({
        "request-tag, RequestFunction",
        "request-tag-removed, RequestFunction",
        "request-stopped, RequestFunction",
        "request-event, RequestFunction",
        "operate-deregister, OperateFunction",
        "operate-adopt, OperateFunction",
        "operate-register, OperateFunction",
        "operate-register-again, OperateFunction",
        "operate-share, OperateFunction",
        "operate-unshare, OperateFunction",
        "operate-store, OperateFunction",
        "operate-fetch, OperateFunction",
        "image-available, ImageStateFunction",
        "image-failed, ImageStateFunction",
        "image-deregistered, ImageStateFunction",
        "image-disabled, ImageStateFunction",
        "image-forwarded, ImageStateFunction",
        "restore, RestoreFunction",
        "restore-running, RestoreFunction"
    })
    void oneRuleDeliversTheSampleToItsFunction(String sample, String function) throws Exception {
        Object event = sample(sample);

        assertThat(
                        functions()
                                .flatMap(name ->
                                        patterns(name).stream()
                                                .filter(pattern -> matches(pattern, event))
                                                .map(_ -> name)))
                .containsExactly(function);
    }

    @ParameterizedTest
    @CsvSource({
        "schedule, ScheduleFunction",
        "prune, PruneFunction",
        "store, StoreFunction",
        "sweep, SweepFunction"
    })
    void theScheduleSendsWhatTheSampleShows(String sample, String function) throws Exception {
        Map<String, Object> event = map(sample(sample));
        Object input = at(triggers(function).getFirst(), "Properties.Input.Sub");
        Map<String, Object> sent = map(JSON.readValue((String) input, Object.class));

        assertThat(sent).containsEntry("time", "<aws.scheduler.scheduled-time>");
        assertThat(event).containsKeys(sent.keySet().toArray(String[]::new));
        for (String same : List.of("version", "detail-type", "source", "detail")) {
            assertThat(event).containsEntry(same, at(sent, same));
        }
    }

    @ParameterizedTest
    @CsvSource({"create-kick, CreateQueue", "copy-kick, CopyQueue"})
    void theSampleOfAKickNamesARegion(String sample, String queue) throws Exception {
        Object kick = list(at(sample(sample), "Records")).getFirst();

        assertThat(text(kick, "eventSourceARN")).endsWith(queue + ".fifo");
        assertThat(JSON.readTree(text(kick, "body")).path("region").isTextual()).isTrue();
    }

    /** Matches as EventBridge does, as far as the templates' patterns go. */
    private static boolean matches(Map<String, Object> pattern, Object event) {
        return pattern.entrySet().stream()
                .allMatch(field ->
                        find(event, field.getKey())
                                .filter(value -> matchesField(field.getValue(), value))
                                .isPresent());
    }

    private static boolean matchesField(Object wanted, Object value) {
        if (wanted instanceof Map<?, ?>) {
            return matches(map(wanted), value);
        }
        List<?> values = value instanceof List<?> several ? several : List.of(value);
        return values.stream().anyMatch(list(wanted)::contains);
    }

    private static Map<String, Object> ofTheRuleOwnRegion(Map<String, Object> pattern) {
        Map<String, Object> narrowed = new LinkedHashMap<>(pattern);
        narrowed.put("region", List.of(Map.of("Ref", "AWS::Region")));
        return narrowed;
    }

    /**
     * CloudFormation replaces a resource whose logical id, type, name or keys change, and with it
     * what it holds: the catalogue, kicks, dead letters, subscriptions. Attributes and indexes may
     * be added.
     */
    @ParameterizedTest
    @MethodSource("stateful")
    void anUpgradeReplacesNothingThatHoldsState(String name, Map<String, Object> before) {
        Map<String, Object> now = map(resource(name));

        for (String same : List.of("Type", "DeletionPolicy", "UpdateReplacePolicy")) {
            assertThat(now.get(same)).as(same).isEqualTo(before.get(same));
        }
        map(at(before, "Properties"))
                .forEach((property, value) -> {
                    Object its = map(at(now, "Properties")).get(property);
                    if (value instanceof List<?> several && !property.equals("KeySchema")) {
                        assertThat(its)
                                .as(property)
                                .asInstanceOf(InstanceOfAssertFactories.LIST)
                                .containsAll(several);
                    } else {
                        assertThat(its).as(property).isEqualTo(value);
                    }
                });
    }

    private static Stream<Arguments> stateful() throws IOException {
        Path file = Path.of("src/test/resources/stored/39c78ed/resources.json");
        return map(JSON.readValue(Files.readString(file), Object.class)).entrySet().stream()
                .map(resource -> Arguments.of(resource.getKey(), resource.getValue()));
    }

    private static Stream<String> functions() {
        return resources(HOME, "AWS::Serverless::Function").keySet().stream();
    }

    private static List<Object> triggers(String function) {
        return List.copyOf(map(at(resource(function), "Properties.Events")).values());
    }

    private static List<Map<String, Object>> patterns(String function) {
        return triggers(function).stream()
                .filter(trigger -> isType(trigger, "EventBridgeRule"))
                .map(rule -> map(at(rule, "Properties.Pattern")))
                .toList();
    }

    private static String deadLetterQueue(Object trigger) {
        return logicalId(
                isType(trigger, "SQS")
                        ? at(
                                resource(at(trigger, "Properties.Queue")),
                                "Properties.RedrivePolicy.deadLetterTargetArn")
                        : at(trigger, "Properties.DeadLetterConfig.Arn"));
    }

    private static boolean isType(Object resource, String type) {
        return text(resource, "Type").equals(type);
    }

    private static Map<String, Object> resources(Object template, String type) {
        Map<String, Object> resources = new LinkedHashMap<>(map(at(template, "Resources")));
        resources.values().removeIf(resource -> !isType(resource, type));
        return resources;
    }

    private static Object resource(Object name) {
        return at(HOME, "Resources." + logicalId(name));
    }

    /** The resource that a name, a {@code !Ref} or a {@code !GetAtt} points to. */
    private static String logicalId(Object pointer) {
        Object name = find(pointer, "Ref").or(() -> find(pointer, "GetAtt")).orElse(pointer);
        return ((String) name).split("\\.", 2)[0];
    }

    private static String text(Object node, String path) {
        return (String) at(node, path);
    }

    private static Object at(Object node, String path) {
        return find(node, path).orElseThrow(() -> new AssertionError("no " + path + " in " + node));
    }

    private static Optional<Object> find(Object node, String path) {
        Optional<Object> found = Optional.of(node);
        for (String key : path.split("\\.", -1)) {
            found = found.map(inner -> inner instanceof Map<?, ?> map ? map.get(key) : null);
        }
        return found;
    }

    @SuppressWarnings("unchecked") // the keys of JSON, and of our YAML, are strings
    private static Map<String, Object> map(Object node) {
        return (Map<String, Object>) node;
    }

    private static List<?> list(Object node) {
        return (List<?>) node;
    }

    private static Object sample(String name) throws IOException {
        return JSON.readValue(Files.readString(Path.of("events", name + ".json")), Object.class);
    }

    private static Object template(String file) {
        LoadSettings settings = LoadSettings.builder().setLabel(file).build();
        try {
            return new Load(settings, new Intrinsics(settings))
                    .loadFromString(Files.readString(Path.of(file)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads {@code !Ref Table} as {@code {Ref: Table}}, and so every other short form. */
    private static final class Intrinsics extends StandardConstructor {
        Intrinsics(LoadSettings settings) {
            super(settings);
        }

        @Override
        protected Optional<ConstructNode> findConstructorFor(Node node) {
            String tag = node.getTag().getValue();
            return tag.startsWith("!")
                    ? Optional.of(_ -> Map.of(tag.substring(1), argument(node)))
                    : super.findConstructorFor(node);
        }

        private Object argument(Node node) {
            return switch (node) {
                case ScalarNode scalar -> constructScalar(scalar);
                case SequenceNode sequence -> constructSequence(sequence);
                case MappingNode mapping -> constructMapping(mapping);
                default -> throw new AssertionError("an intrinsic of " + node);
            };
        }
    }
}
