package dev.amikeeper;

import static dev.amikeeper.Templates.at;
import static dev.amikeeper.Templates.find;
import static dev.amikeeper.Templates.list;
import static dev.amikeeper.Templates.map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.MAP;

import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.fasterxml.jackson.databind.ObjectMapper;

import dev.amikeeper.event.OrderKind;
import dev.amikeeper.local.FunctionSize;
import dev.amikeeper.replication.ImageStateReport;
import dev.amikeeper.sweep.SweepReport;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Holds the templates to what a deployment rests on, and the sample events to the templates. */
final class TemplateTest {
    private static final Object HOME = Templates.read("template.yaml");
    private static final Object OTHER_REGION = Templates.read("dr-region.yaml");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String RULE = "AWS::Events::Rule";
    private static final String QUEUE = "AWS::Lambda::EventSourceMapping";
    private static final Pattern ROW_OF_SAMPLES =
            Pattern.compile("\\| (?<function>\\w+Function) \\| (?<samples>`events/.*) \\|");
    private static final Pattern SAMPLE = Pattern.compile("`events/([a-z-]+)\\.json`");

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
                triggers(function).stream().noneMatch(trigger -> isType(trigger, QUEUE));

        assertThat(
                        find(
                                        resource(function),
                                        "Properties.EventInvokeConfig.DestinationConfig.OnFailure.Destination")
                                .map(TemplateTest::logicalId))
                .isEqualTo(
                        invokedByEvents ? Optional.of("EventDeadLetterQueue") : Optional.empty());
    }

    @ParameterizedTest
    @MethodSource("functions")
    void theSimulatedPlatformGivesAFunctionWhatTheTemplateGivesIt(String function) {
        FunctionSize size = FunctionSize.of(function);

        assertThat(ofFunction(function, "Timeout")).isEqualTo((int) size.timeout().toSeconds());
        assertThat(ofFunction(function, "MemorySize")).isEqualTo(size.memory());
    }

    private static Object ofFunction(String function, String property) {
        return find(resource(function), "Properties." + property)
                .orElseGet(() -> at(HOME, "Globals.Function." + property));
    }

    @ParameterizedTest
    @CsvSource({"CreateImageFunction, CreateQueue", "CopyImageFunction, CopyQueue"})
    void theGroupOfAKilledWorkerMovesOnJustAfterItsTimeOut(String function, String queue) {
        Object timeout = ofFunction(function, "Timeout");

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
                    assertThat(logicalId(at(kick, "Properties.EventSourceArn"))).isEqualTo(queue);
                    assertThat(at(kick, "Properties.FunctionResponseTypes"))
                            .isEqualTo(List.of("ReportBatchItemFailures"));
                });
    }

    /**
     * A kick that is received while Lambda has no room for it has been received in vain.
     *
     * @see <a href="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html">At
     *     least five receives</a>, and <a
     *     href="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html">maximum
     *     concurrency</a>
     */
    @ParameterizedTest
    @CsvSource({"CreateImageFunction, CreateQueue", "CopyImageFunction, CopyQueue"})
    void aKickThatFindsNoRoomIsNotGivenUpSoon(String function, String queue) {
        assertThat((Integer) at(resource(queue), "Properties.RedrivePolicy.maxReceiveCount"))
                .isGreaterThanOrEqualTo(5);
        assertThat(triggers(function))
                .singleElement()
                .satisfies(kick ->
                        assertThat(at(kick, "Properties.ScalingConfig.MaximumConcurrency"))
                                .isEqualTo(Map.of("Ref", "WorkersAtOnce")));
    }

    /** Of the ten functions that a new account may run at once. */
    @Test
    void theWorkersLeaveRoomForOthersInANewAccount() {
        int atOnce = (Integer) at(HOME, "Parameters.WorkersAtOnce.Default");

        assertThat(2 * atOnce).isLessThanOrEqualTo(6);
    }

    /** Lambda stops such a loop after some sixteen rounds, unless it is told that it is meant. */
    @ParameterizedTest
    @MethodSource("functions")
    void whoeverKicksTheirOwnQueueMayGoOn(String function) {
        List<Object> ownQueues =
                triggers(function).stream()
                        .filter(trigger -> isType(trigger, QUEUE))
                        .map(trigger -> at(trigger, "Properties.EventSourceArn"))
                        .toList();
        boolean kicksItself =
                find(resource(function), "Properties.Policies").stream()
                        .flatMap(policies -> list(policies).stream())
                        .flatMap(policy -> find(policy, "Statement").stream())
                        .flatMap(statements -> list(statements).stream())
                        .filter(statement ->
                                find(statement, "Action").equals(Optional.of("sqs:SendMessage")))
                        .map(statement -> at(statement, "Resource"))
                        .flatMap(queue ->
                                queue instanceof List<?> all ? all.stream() : Stream.of(queue))
                        .anyMatch(ownQueues::contains);

        assertThat(find(resource(function), "Properties.RecursiveLoop"))
                .isEqualTo(kicksItself ? Optional.of("Allow") : Optional.empty());
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
                .filteredOn(alarm ->
                        Templates.find(alarm, "Properties.Namespace")
                                .equals(Optional.of("AWS/SQS")))
                .flatExtracting(alarm -> list(at(alarm, "Properties.Dimensions")))
                .extracting(dimension -> logicalId(at(dimension, "Value")))
                .containsExactlyInAnyOrderElementsOf(queues);
    }

    /** Whoever sees it first counts it: the event's function or the sweep. */
    @Test
    void imagesThatOthersChangeInNumbersRaiseAnAlarm() {
        List<?> metrics = list(at(resource("ChangedByOthersAlarm"), "Properties.Metrics"));
        assertThat(metrics)
                .filteredOn(metric -> Templates.find(metric, "MetricStat").isPresent())
                .extracting(metric ->
                        at(metric, "MetricStat.Metric.MetricName")
                                + " of "
                                + logicalId(
                                        at(
                                                list(at(metric, "MetricStat.Metric.Dimensions"))
                                                        .getFirst(),
                                                "Value")))
                .containsExactlyInAnyOrder(
                        "changedByOthers of ImageStateFunction",
                        "gone of SweepFunction",
                        "switched of SweepFunction",
                        "withdrawn of SweepFunction",
                        "keys of ImageStateFunction",
                        "keys of SweepFunction");
        assertThat(at(metrics.getFirst(), "Expression"))
                .asString()
                .contains("events", "gone", "switched", "withdrawn", "keys", "sweptKeys");
        assertThat(at(resource("ChangedByOthersAlarm"), "Properties.Threshold"))
                .isEqualTo(Map.of("Ref", "ChangedByOthersCount"));
    }

    /** The alarms go by the names of the reports' counts. */
    @Test
    void whatOthersDoIsCountedUnderTheNamesThatTheAlarmsGoBy() {
        assertThat(Counts.none(SweepReport.SweepCount.class).named())
                .containsKeys("gone", "switched", "withdrawn", "keys", "publicImages");
        assertThat(Counts.none(ImageStateReport.ImageStateCount.class).named())
                .containsKeys("changedByOthers", "keys");
        assertThat(at(resource("PublicImagesAlarm"), "Properties"))
                .asInstanceOf(MAP)
                .containsEntry("MetricName", "publicImages")
                .containsEntry("Statistic", "Maximum")
                .containsEntry("Period", 3600)
                .containsEntry("Threshold", 1);
    }

    /** Three ticks: a schedule that is gone leaves no data at all. */
    @Test
    void ticksThatDoNotComeForAQuarterOfAnHourRaiseAnAlarm() {
        assertThat(at(resource("MissingTicksAlarm"), "Properties"))
                .asInstanceOf(MAP)
                .containsEntry("Namespace", "AWS/Lambda")
                .containsEntry("MetricName", "Invocations")
                .containsEntry(
                        "Dimensions",
                        List.of(
                                Map.of(
                                        "Name",
                                        "FunctionName",
                                        "Value",
                                        Map.of("Ref", "ScheduleFunction"))))
                .containsEntry("Period", 900)
                .containsEntry("EvaluationPeriods", 1)
                .containsEntry("ComparisonOperator", "LessThanThreshold")
                .containsEntry("TreatMissingData", "breaching");
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

    /** The one that the stack made is let go of, and kept, when another is named. */
    @Test
    void whatNeedsTheTableTakesTheExistingOneIfOneIsNamed() {
        assertThat(at(resource("Table"), "Condition")).isEqualTo("MakesTable");
        assertThat(mentionsOfTheTable(HOME, false)).hasSizeGreaterThan(5).doesNotContain(false);
    }

    /** Whether each mention of the table is one that the condition chooses. */
    private static List<Boolean> mentionsOfTheTable(Object node, boolean chosen) {
        return switch (node) {
            case Map<?, ?> map when isMention(map) -> List.of(chosen);
            case Map<?, ?> map when map.get("If") instanceof List<?> choice ->
                    choice.stream()
                            .flatMap(branch ->
                                    mentionsOfTheTable(
                                            branch, choice.getFirst().equals("MakesTable"))
                                            .stream())
                            .toList();
            case Map<?, ?> map ->
                    map.values().stream()
                            .flatMap(value -> mentionsOfTheTable(value, chosen).stream())
                            .toList();
            case List<?> list ->
                    list.stream()
                            .flatMap(value -> mentionsOfTheTable(value, chosen).stream())
                            .toList();
            case String text when text.contains("${Table") -> List.of(chosen);
            default -> List.of();
        };
    }

    private static boolean isMention(Map<?, ?> node) {
        return "Table".equals(node.get("Ref"))
                || String.valueOf(node.get("GetAtt")).startsWith("Table.");
    }

    @Test
    void aKeyOfOnesOwnEncryptsTheTableTheAlertsAndTheLogs() {
        List<Object> key = List.of("HasTableKey", ref("TableKeyArn"), ref("AWS::NoValue"));

        assertThat(at(resource("Table"), "Properties.SSESpecification.KMSMasterKeyId.If"))
                .isEqualTo(key);
        assertThat(at(resource("AlertTopic"), "Properties.KmsMasterKeyId.If")).isEqualTo(key);
        assertThat(resources(HOME, "AWS::Logs::LogGroup").values())
                .isNotEmpty()
                .allSatisfy(logs -> assertThat(at(logs, "Properties.KmsKeyId.If")).isEqualTo(key));
    }

    private static Map<String, String> ref(String name) {
        return Map.of("Ref", name);
    }

    @Test
    void otherRegionsForwardWhatTheHomeRegionListensTo() {
        List<Map<String, Object>> listenedTo =
                functions()
                        .flatMap(function -> rules(function, false).stream())
                        .map(TemplateTest::pattern)
                        .map(TemplateTest::ofTheRuleOwnRegion)
                        .toList();

        assertThat(resources(OTHER_REGION, RULE).values())
                .extracting(TemplateTest::pattern)
                .containsExactlyInAnyOrderElementsOf(listenedTo);
    }

    /** Other accounts' events may be on a bus, too: it is theirs to say who may put them there. */
    @Test
    void everyRuleAsksForThisAccount() {
        assertThat(
                        Stream.concat(
                                functions().flatMap(function -> triggers(function).stream()),
                                resources(OTHER_REGION, RULE).values().stream()))
                .filteredOn(trigger -> isType(trigger, RULE) || isType(trigger, "EventBridgeRule"))
                .hasSizeGreaterThan(10)
                .extracting(trigger -> at(pattern(trigger), "account"))
                .containsOnly(List.of(Map.of("Ref", "AWS::AccountId")));
    }

    /** Whoever may put events on the default bus is no operator yet. */
    @Test
    void ordersComeOnTheirOwnBusAlone() {
        Set<Object> ordered = new HashSet<>();
        functions()
                .flatMap(function -> rules(function, true).stream())
                .forEach(rule -> {
                    assertThat(pattern(rule)).containsEntry("source", List.of("amikeeper"));
                    assertThat(at(rule, "Condition")).isEqualTo("HasOperators");
                    ordered.addAll(list(at(pattern(rule), "detail-type")));
                });

        assertThat(ordered)
                .containsExactlyInAnyOrderElementsOf(
                        Stream.of(OrderKind.values())
                                .filter(kind -> kind != OrderKind.BACKUP)
                                .map(OrderKind::detailType)
                                .toList());
        assertThat(
                        functions()
                                .flatMap(function -> rules(function, false).stream())
                                .map(TemplateTest::pattern)
                                .filter(pattern ->
                                        list(at(pattern, "source")).contains("amikeeper"))
                                .map(pattern -> at(pattern, "detail-type")))
                .containsExactly(List.of(OrderKind.BACKUP.detailType()));
        assertThat(busPolicy("events:detail-type"))
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .containsExactlyInAnyOrderElementsOf(ordered);
    }

    /** Denied, for within an account its own policy is enough to allow an identity. */
    @Test
    void theBusOfOrdersIsDeniedToAllButOperators() {
        assertThat(busPolicy("aws:PrincipalArn")).isEqualTo(Map.of("Ref", "OperatorArns"));
        assertThat(busPolicy("aws:PrincipalAccount")).isEqualTo(Map.of("Ref", "AWS::AccountId"));
        assertThat(busPolicy("events:source")).isEqualTo("amikeeper");
    }

    /** The value of the one statement that denies the bus to what is not of this value. */
    private static Object busPolicy(String key) {
        List<Object> values = new ArrayList<>();
        resources(HOME, "AWS::Events::EventBusPolicy")
                .values()
                .forEach(policy -> {
                    Map<String, Object> statement = map(at(policy, "Properties.Statement"));
                    assertThat(statement)
                            .containsEntry("Effect", "Deny")
                            .containsEntry("Principal", "*")
                            .containsEntry("Action", "events:PutEvents");
                    Map<String, Object> conditions = map(at(statement, "Condition"));
                    Stream.of("StringNotEquals", "ArnNotLike")
                            .flatMap(operator -> Stream.ofNullable(conditions.get(operator)))
                            .flatMap(keys -> Stream.ofNullable(map(keys).get(key)))
                            .forEach(values::add);
                });
        assertThat(values).as(key).hasSize(1);
        return values.getFirst();
    }

    @ParameterizedTest
    @CsvSource({
        "request-tag, RequestFunction",
        "request-tag-removed, RequestFunction",
        "request-stopped, RequestFunction",
        "request-event, RequestFunction",
        "request-command-ended, RequestFunction",
        "operate-deregister, OperateFunction",
        "operate-adopt, OperateFunction",
        "operate-register, OperateFunction",
        "operate-register-again, OperateFunction",
        "operate-share, OperateFunction",
        "operate-unshare, OperateFunction",
        "operate-unshare-all, OperateFunction",
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
        assertThat(functionsOf(sample(sample))).containsExactly(function);
    }

    /** The functions to which rules deliver an event. */
    private static Stream<String> functionsOf(Object event) {
        return functions()
                .flatMap(name ->
                        Stream.concat(rules(name, false).stream(), rules(name, true).stream())
                                .map(TemplateTest::pattern)
                                .filter(pattern -> matches(pattern, event))
                                .map(_ -> name));
    }

    @ParameterizedTest
    @EnumSource
    void everyOrderHasASample(OrderKind kind) throws Exception {
        List<Object> detailTypes = new ArrayList<>();
        for (String name : samples()) {
            find(sample(name), "detail-type").ifPresent(detailTypes::add);
        }

        assertThat(detailTypes).contains(kind.detailType());
    }

    @Test
    void theReadmeListsEverySampleWithItsFunction() throws Exception {
        Map<String, String> listed = new TreeMap<>();
        for (String line : Files.readAllLines(Path.of("README.md"))) {
            Matcher row = ROW_OF_SAMPLES.matcher(line);
            if (row.matches()) {
                SAMPLE.matcher(row.group("samples"))
                        .results()
                        .forEach(sample -> listed.put(sample.group(1), row.group("function")));
            }
        }

        assertThat(listed.keySet()).containsExactlyInAnyOrderElementsOf(samples());
        assertThat(listed.values()).isSubsetOf(functions().toList());
        assertThat(listed).containsAllEntriesOf(delivered());
    }

    /** The samples that rules deliver, and the function of each. */
    private static Map<String, String> delivered() throws IOException {
        Map<String, String> delivered = new TreeMap<>();
        for (String sample : samples()) {
            Object event = sample(sample);
            functionsOf(event).forEach(function -> delivered.put(sample, function));
        }
        return delivered;
    }

    /** Its input is as the daily one's, and says that it only goes on. */
    @Test
    void pruningGoesOnAsOftenAsARunMayLast() throws Exception {
        Object function = resource("PruneFunction");
        Map<String, Object> daily = pruneInput("Daily");
        Map<String, Object> goesOn = pruneInput("GoOn");
        Object schedule = at(function, "Properties.Events.GoOn.Properties");

        assertThat(at(schedule, "ScheduleExpression")).isEqualTo("cron(0/15 * * * ? *)");
        assertThat(at(function, "Properties.Timeout")).isEqualTo(15 * 60);
        assertThat(goesOn.remove("goOn")).isEqualTo(true);
        assertThat(goesOn).isEqualTo(daily);
        assertThat(map(sample("prune-go-on"))).containsEntry("goOn", true);
        assertThat(map(sample("prune"))).doesNotContainKey("goOn");
    }

    private static Map<String, Object> pruneInput(String event) throws Exception {
        Object input =
                at(
                        resource("PruneFunction"),
                        "Properties.Events." + event + ".Properties.Input.Sub");
        return new LinkedHashMap<>(map(JSON.readValue((String) input, Object.class)));
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
    @CsvSource({"create-kick, CreateQueue", "copy-kick, CopyQueue", "copy-kick-level, CopyQueue"})
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
        return wanted.equals(List.of(Map.of("Ref", "AWS::AccountId")))
                || values.stream().anyMatch(list(wanted)::contains);
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

    /** What invokes a function: events of SAM's, and rules and queues of the template's own. */
    private static List<Object> triggers(String function) {
        return Stream.of(
                        find(resource(function), "Properties.Events").stream()
                                .flatMap(events -> map(events).values().stream()),
                        resources(HOME, RULE).values().stream()
                                .filter(rule ->
                                        list(at(rule, "Properties.Targets")).stream()
                                                .anyMatch(target ->
                                                        logicalId(at(target, "Arn"))
                                                                .equals(function))),
                        resources(HOME, QUEUE).values().stream()
                                .filter(queue ->
                                        logicalId(at(queue, "Properties.FunctionName"))
                                                .equals(function)))
                .flatMap(triggers -> triggers)
                .toList();
    }

    /** The rules that invoke a function: of the default bus, or of that of orders. */
    private static List<Object> rules(String function, boolean ofOrders) {
        return triggers(function).stream()
                .filter(trigger -> isType(trigger, RULE) || isType(trigger, "EventBridgeRule"))
                .filter(rule ->
                        find(rule, "Properties.EventBusName")
                                .map(TemplateTest::logicalId)
                                .equals(ofOrders ? Optional.of("OrdersBus") : Optional.empty()))
                .toList();
    }

    private static Map<String, Object> pattern(Object rule) {
        return map(
                find(rule, "Properties.Pattern")
                        .orElseGet(() -> at(rule, "Properties.EventPattern")));
    }

    private static String deadLetterQueue(Object trigger) {
        if (isType(trigger, QUEUE)) {
            Object queue = resource(at(trigger, "Properties.EventSourceArn"));
            return logicalId(at(queue, "Properties.RedrivePolicy.deadLetterTargetArn"));
        }
        return logicalId(
                isType(trigger, RULE)
                        ? at(
                                list(at(trigger, "Properties.Targets")).getFirst(),
                                "DeadLetterConfig.Arn")
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

    private static List<String> samples() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("events"))) {
            return files.map(file -> file.getFileName().toString().replace(".json", "")).toList();
        }
    }

    private static Object sample(String name) throws IOException {
        return JSON.readValue(Files.readString(Path.of("events", name + ".json")), Object.class);
    }
}
