package dev.amikeeper;

import static dev.amikeeper.Templates.at;
import static dev.amikeeper.Templates.find;
import static dev.amikeeper.Templates.map;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;

import dev.amikeeper.Reach.AwsCall;
import dev.amikeeper.Role.Need;
import dev.amikeeper.Role.Statement;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Holds the template's permissions to the calls that the code can make: none is missing, none is
 * there for nothing, and no condition can be left out.
 *
 * <p>Which calls a function can make is read from the class files. What a call needs is written
 * down here, as AWS has it in the <a
 * href="https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html">Service
 * Authorization Reference</a>: whoever adds a call says here what it needs.
 */
final class PermissionsTest {
    private static final Object TEMPLATE = Templates.read("template.yaml");

    private static final String KEY = "arn:aws:kms:us-east-1:123456789012:key/volumes";
    private static final String TABLE_KEY = "arn:aws:kms:us-east-1:123456789012:key/table";
    private static final String PROFILE = "arn:aws:iam::123456789012:role/app";

    private static final String TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/Table";
    private static final Map<String, List<String>> OURS = tagged("amikeeper:policy", "gold");

    /** A deployment that has everything, and one that has nothing. */
    private static final Map<String, String> EVERYTHING =
            Map.of(
                    "KmsKeyArns",
                    KEY,
                    "TableKeyArn",
                    TABLE_KEY,
                    "InstanceRoleArns",
                    PROFILE,
                    "ImageCommandDocumentArns",
                    "arn:aws:ssm:*:123456789012:document/Freeze",
                    "StoreBucketArns",
                    "arn:aws:s3:::archive,arn:aws:s3:::archive-west",
                    "OperatorArns",
                    "arn:aws:iam::123456789012:role/Operator");

    private static final Map<String, String> NOTHING = Map.of();

    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                    .importPackages("dev.amikeeper");

    private static final Map<String, Set<Need>> NEEDS =
            functions().collect(Collectors.toMap(it -> it, PermissionsTest::needs));

    @ParameterizedTest
    @MethodSource("functions")
    void everyCallThatAFunctionCanMakeIsGranted(String function) {
        Role role = Role.of(TEMPLATE, function, EVERYTHING);

        assertThat(NEEDS.get(function)).isNotEmpty().allMatch(role::allows);
    }

    @ParameterizedTest
    @MethodSource("functions")
    void nothingIsGrantedThatNoCallNeeds(String function) {
        Set<Need> needs = NEEDS.getOrDefault(function, Set.of());

        List<String> forNothing = new ArrayList<>();
        for (Statement statement : Role.of(TEMPLATE, function, EVERYTHING).statements()) {
            List<Need> used = needs.stream().filter(statement::allows).toList();
            statement.actions().stream()
                    .filter(action ->
                            used.stream()
                                    .noneMatch(need -> Role.matches(action, need.action(), true)))
                    .forEach(action -> forNothing.add(action + " in " + statement));
            statement.resources().stream()
                    .filter(resource ->
                            used.stream()
                                    .noneMatch(
                                            need -> Role.matches(resource, need.resource(), false)))
                    .forEach(resource -> forNothing.add(resource + " in " + statement));
        }

        // Of what all share: a check in a transaction tells no more than a read.
        forNothing.removeIf(it -> it.startsWith("dynamodb:ConditionCheckItem in CatalogAccess"));
        assertThat(forNothing).isEmpty();
    }

    @Test
    void noStatementCanBeLeftOut() {
        Set<Statement> all = new HashSet<>();
        Set<Statement> missed = new HashSet<>();
        for (Map<String, String> deployment : List.of(EVERYTHING, NOTHING)) {
            functions()
                    .forEach(function -> {
                        Role role = Role.of(TEMPLATE, function, deployment);
                        List<Need> granted =
                                NEEDS.getOrDefault(function, Set.of()).stream()
                                        .filter(role::allows)
                                        .toList();
                        for (Statement statement : role.statements()) {
                            all.add(statement);
                            Role without = role.without(statement);
                            if (!granted.stream().allMatch(without::allows)) {
                                missed.add(statement);
                            }
                        }
                    });
        }

        assertThat(all).hasSizeGreaterThan(60).isSubsetOf(missed);
    }

    /** What a need says of the request is what the statement that grants it asks for. */
    @ParameterizedTest
    @MethodSource("functions")
    void whatAConditionAsksForIsNotGrantedWithoutIt(String function) {
        Set<Need> granted = new TreeSet<>((a, b) -> a.toString().compareTo(b.toString()));
        for (Map<String, String> deployment : List.of(EVERYTHING, NOTHING)) {
            Role role = Role.of(TEMPLATE, function, deployment);
            NEEDS.getOrDefault(function, Set.of()).stream()
                    .filter(role::allows)
                    .flatMap(PermissionsTest::spoilt)
                    .filter(role::allows)
                    // With buckets it may tag the snapshots that EC2 makes of an object as it
                    // likes.
                    .filter(need -> deployment.equals(NOTHING) || !isTagsOfSnapshot(need))
                    .forEach(granted::add);
        }

        assertThat(granted).isEmpty();
    }

    private static boolean isTagsOfSnapshot(Need need) {
        return need.action().equals("ec2:CreateTags")
                && need.resource().equals(ec2("snapshot"))
                && need.context().containsKey("aws:RequestTag/amikeeper:policy");
    }

    /** The request without each of what is said of it, and with one tag more. */
    private static Stream<Need> spoilt(Need need) {
        return need.context().keySet().stream()
                .flatMap(key -> {
                    Map<String, List<String>> without = new HashMap<>(need.context());
                    List<String> values = without.remove(key);
                    if (!key.equals("aws:TagKeys") || values == null) {
                        return Stream.of(new Need(need.action(), need.resource(), without));
                    }
                    Map<String, List<String>> more = new HashMap<>(need.context());
                    more.put(key, Stream.concat(values.stream(), Stream.of("owner")).toList());
                    return Stream.of(new Need(need.action(), need.resource(), more));
                });
    }

    private static Stream<String> functions() {
        return map(at(TEMPLATE, "Resources")).entrySet().stream()
                .filter(it -> at(it.getValue(), "Type").equals("AWS::Serverless::Function"))
                .map(Map.Entry::getKey);
    }

    private static Set<Need> needs(String function) {
        String handler = (String) at(TEMPLATE, "Resources." + function + ".Properties.Handler");
        Reach reach = Reach.of(CLASSES, handler);
        Set<Need> needs = new HashSet<>();
        reach.awsCalls().stream().flatMap(PermissionsTest::needs).forEach(needs::add);
        needs.addAll(snapshotTags(reach));
        if (reach.methods().contains("Kicks.create")) {
            needs.add(need("sqs:SendMessage", queue("CreateQueue")));
        }
        if (reach.methods().contains("Kicks.copy")) {
            needs.add(need("sqs:SendMessage", queue("CopyQueue")));
        }
        if (reach.methods().contains("Kicks.forCreation")) {
            needs.addAll(ownKicks("CreateQueue"));
        }
        if (reach.methods().contains("Kicks.forCopies")) {
            needs.addAll(ownKicks("CopyQueue"));
        }
        map(at(TEMPLATE, "Resources")).values().stream()
                .filter(it -> at(it, "Type").equals("AWS::Lambda::EventSourceMapping"))
                .filter(it -> find(it, "Properties.FunctionName.Ref").equals(Optional.of(function)))
                .map(it -> (String) at(it, "Properties.EventSourceArn.GetAtt"))
                .flatMap(queue ->
                        Stream.of(
                                        "sqs:ReceiveMessage",
                                        "sqs:DeleteMessage",
                                        "sqs:GetQueueAttributes")
                                .map(action -> need(action, queue(queue.replace(".Arn", "")))))
                .forEach(needs::add);
        return needs;
    }

    /** What a worker does with its own queue. */
    private static List<Need> ownKicks(String queue) {
        return List.of(
                need("sqs:SendMessage", queue(queue)),
                need("sqs:ChangeMessageVisibility", queue(queue)));
    }

    // ---- What calls need ------------------------------------------------------------------

    private static Stream<Need> needs(AwsCall call) {
        return switch (call.client()) {
            case "DynamoDbClient", "TransactWriteItem$Builder", "QueryRequest$Builder" ->
                    dynamoDb(call);
            case "SnsClient" ->
                    Stream.concat(
                            Stream.of(
                                    need(
                                            action("sns", call),
                                            "arn:aws:sns:us-east-1:123456789012:AlertTopic")),
                            kms(
                                    TABLE_KEY,
                                    "sns",
                                    "Decrypt",
                                    "GenerateDataKey",
                                    "GenerateDataKeyWithoutPlaintext"));
            // By queue: see above.
            case "SqsClient" -> {
                assertThat(call.toString())
                        .isIn(
                                "Kicks.kick: SqsClient.sendMessage",
                                "WorkerQueue.hold: SqsClient.changeMessageVisibility");
                yield Stream.of();
            }
            case "AutoScalingClient" -> Stream.of(need(action("autoscaling", call), "*"));
            case "SsmClient" -> ssm(call);
            case "IamClient" ->
                    Stream.of(
                            need(
                                    action("iam", call),
                                    "arn:aws:iam::123456789012:instance-profile/web"));
            case "Ec2Client" -> ec2(call);
            default -> throw unknown(call);
        };
    }

    private static Stream<Need> dynamoDb(AwsCall call) {
        Optional<Need> need =
                switch (call.call()) {
                    // An index is a resource of its own.
                    case "indexName" ->
                            Optional.of(need("dynamodb:Query", TABLE + "/index/byInstance"));
                    case "getItem", "putItem", "deleteItem", "batchGetItem", "query" ->
                            Optional.of(need(action("dynamodb", call), TABLE));
                    case "put" -> Optional.of(need("dynamodb:PutItem", TABLE));
                    case "delete" -> Optional.of(need("dynamodb:DeleteItem", TABLE));
                    case "conditionCheck" ->
                            Optional.of(need("dynamodb:ConditionCheckItem", TABLE));
                    // What is in it says what it needs.
                    case "transactWriteItems" -> Optional.empty();
                    default -> throw unknown(call);
                };
        return Stream.concat(
                need.stream(),
                // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
                kms(
                        TABLE_KEY,
                        "dynamodb",
                        "DescribeKey",
                        "Encrypt",
                        "Decrypt",
                        "ReEncryptFrom",
                        "ReEncryptTo",
                        "GenerateDataKey",
                        "GenerateDataKeyWithoutPlaintext"));
    }

    private static Stream<Need> ssm(AwsCall call) {
        return switch (call.call()) {
            case "describeParameters",
                    "cancelCommand",
                    "describeInstanceInformation",
                    "listCommandInvocations",
                    "listCommandInvocationsPaginator" ->
                    Stream.of(need(action("ssm", call), "*"));
            case "getParameters" -> parameters(Map.of());
            case "sendCommand" ->
                    call.toString().startsWith("Commands.send:")
                            ? Stream.of(
                                    need(
                                            "ssm:SendCommand",
                                            "arn:aws:ssm:us-west-2:123456789012:document/Freeze"),
                                    need("ssm:SendCommand", ec2("instance")))
                            : Stream.of(
                                    need(
                                            "ssm:SendCommand",
                                            "arn:aws:ssm:us-west-2:123456789012:document/AppCheck"),
                                    need(
                                            "ssm:SendCommand",
                                            ec2("instance"),
                                            Map.of(
                                                    "ssm:resourceTag/amikeeper:lease",
                                                    List.of("…"),
                                                    "ssm:resourceTag/amikeeper:restore",
                                                    List.of("1/drill-1"))));
            default -> throw unknown(call);
        };
    }

    private static Stream<Need> parameters(Map<String, List<String>> context) {
        return Stream.of(
                need(
                        "ssm:GetParameters",
                        "arn:aws:ssm:us-west-2:123456789012:parameter/golden",
                        context),
                need(
                        "ssm:GetParameters",
                        "arn:aws:ssm:us-west-2::parameter/aws/service/ami",
                        context));
    }

    private static Stream<Need> ec2(AwsCall call) {
        String action = action("ec2", call);
        return switch (call.call()) {
            case "createImage" ->
                    join(
                            needs(action, Map.of(), "instance", "image", "snapshot"),
                            tagsOnCreation("CreateImage", "image", "snapshot"));
            case "copyImage" ->
                    join(
                            needs(action, Map.of(), "image", "snapshot"),
                            tagsOnCreation("CopyImage", "image", "snapshot"),
                            volumeKey());
            case "registerImage" ->
                    join(
                            needs(action, Map.of(), "image", "snapshot"),
                            tagsOnCreation("RegisterImage", "image"));
            case "createTags" ->
                    switch (call.from()) {
                        // By who asks for it: see below.
                        case "ImageChanges.tag" -> Stream.of();
                        case "ImageChanges.hold" ->
                                Stream.of(
                                        need(
                                                action,
                                                ec2("image"),
                                                with(OURS, "aws:TagKeys", "amikeeper:hold")));
                        case "Launcher.tag" ->
                                needs(action, tagged("amikeeper:restore", "1/drill-1"), "volume");
                        default -> throw unknown(call);
                    };
            case "deleteTags" ->
                    needs(action, Map.of("aws:TagKeys", List.of("amikeeper:request")), "instance");
            case "deregisterImage" ->
                    join(
                            needs(action, OURS, "image"),
                            // with DeleteAssociatedSnapshots
                            needs("ec2:DeleteSnapshot", OURS, "snapshot"));
            case "deleteSnapshot", "modifySnapshotAttribute" -> needs(action, OURS, "snapshot");
            case "modifyImageAttribute",
                    "describeImageAttribute",
                    "disableImage",
                    "enableImage",
                    "enableImageDeprecation",
                    "disableImageDeprecation",
                    "enableImageDeregistrationProtection",
                    "disableImageDeregistrationProtection" ->
                    needs(action, OURS, "image");
            case "describeInstanceAttribute" -> needs(action, Map.of(), "instance");
            case "describeSnapshotAttribute" -> needs(action, Map.of(), "snapshot");
            case "createImageUsageReport" ->
                    join(
                            needs(action, OURS, "image"),
                            needs(action, Map.of(), "image-usage-report"));
            case "describeImageReferences" -> join(Stream.of(need(action, "*")), references());
            case "createStoreImageTask" -> join(needs(action, OURS, "image"), stored());
            case "createRestoreImageTask" -> join(needs(action, Map.of(), "image"), fetched());
            case "runInstances" -> join(launched(action), volumeKey());
            case "createReplaceRootVolumeTask" ->
                    join(
                            needs(action, OURS, "image"),
                            needs(
                                    action,
                                    Map.of(),
                                    "snapshot",
                                    "instance",
                                    "volume",
                                    "replace-root-volume-task"),
                            tagsOnCreation(
                                    "CreateReplaceRootVolumeTask", "replace-root-volume-task"));
            case "associateAddress" ->
                    join(
                            needs(action, Map.of(), "elastic-ip"),
                            needs(
                                    action,
                                    tagged("amikeeper:restore", "…"),
                                    "instance",
                                    "network-interface"));
            case "terminateInstances" ->
                    needs(
                            action,
                            with(
                                    tagged("amikeeper:lease", "…"),
                                    "aws:ResourceTag/amikeeper:restore",
                                    "1/drill-1"),
                            "instance");
            default -> {
                if (!call.call().startsWith("describe")) {
                    throw unknown(call);
                }
                // The others that describe have no resource-level permissions.
                yield Stream.of(need(action, "*"));
            }
        };
    }

    /** Snapshots of others become ours; ours get the tags of their volumes. */
    private static List<Need> snapshotTags(Reach reach) {
        return reach.calling("ImageChanges.tag").stream()
                .map(method -> method.replaceAll("[.].*", ""))
                .distinct()
                .map(caller ->
                        switch (caller) {
                            case "Registration" ->
                                    Map.of(
                                            "aws:RequestTag/amikeeper:policy",
                                            List.of("gold"),
                                            "aws:TagKeys",
                                            List.of(
                                                    "amikeeper:policy",
                                                    "amikeeper:instance",
                                                    "amikeeper:slot",
                                                    "amikeeper:home",
                                                    "amikeeper:capsule-2"));
                            case "SnapshotTags" -> OURS;
                            default ->
                                    throw new AssertionError(
                                            caller + " tags snapshots: say what that needs");
                        })
                .map(context -> need("ec2:CreateTags", ec2("snapshot"), context))
                .toList();
    }

    /**
     * @see <a
     *     href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-ami-references.html">EC2
     *     looks with the caller's permissions</a>
     */
    private static Stream<Need> references() {
        Map<String, List<String>> via =
                Map.of("aws:CalledVia", List.of("ec2-images.amazonaws.com"));
        return Stream.of(
                        "imagebuilder:ListImageRecipes",
                        "imagebuilder:ListContainerRecipes",
                        "imagebuilder:GetContainerRecipe")
                .map(action -> need(action, "*", via));
    }

    /**
     * @see <a
     *     href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/work-with-ami-store-restore.html">Permissions
     *     for storing and restoring AMIs</a>, here and in {@link #fetched}
     */
    private static Stream<Need> stored() {
        return join(
                needs("ebs:ListSnapshotBlocks", OURS, "snapshot"),
                needs("ebs:ListChangedBlocks", OURS, "snapshot"),
                needs("ebs:GetSnapshotBlock", OURS, "snapshot"),
                Stream.of(need("ec2:DescribeTags", "*")),
                buckets("s3:ListBucket", ""),
                Stream.of(
                                "s3:PutObject",
                                "s3:PutObjectTagging",
                                "s3:GetObject",
                                "s3:DeleteObject",
                                "s3:AbortMultipartUpload")
                        .flatMap(action -> buckets(action, "/ami-1.bin")),
                Stream.of("kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKey")
                        .map(action -> need(action, KEY)));
    }

    private static Stream<Need> fetched() {
        return join(
                tagsOnCreation("CreateRestoreImageTask", "image", "snapshot"),
                needs("ebs:StartSnapshot", Map.of(), "snapshot"),
                needs("ebs:PutSnapshotBlock", Map.of(), "snapshot"),
                needs("ebs:CompleteSnapshot", Map.of(), "snapshot"),
                // By ebs:StartSnapshot, with whatever tags came with the object besides ours.
                needs(
                        "ec2:CreateTags",
                        Map.of(
                                "aws:RequestTag/amikeeper:policy",
                                List.of("gold"),
                                "aws:TagKeys",
                                List.of("amikeeper:policy", "Name")),
                        "snapshot"),
                Stream.of(
                        need("ec2:GetEbsEncryptionByDefault", "*"), need("ec2:DescribeTags", "*")),
                buckets("s3:ListBucket", ""),
                buckets("s3:GetObject", "/ami-1.bin"));
    }

    private static Stream<Need> buckets(String action, String key) {
        return Stream.of("arn:aws:s3:::archive", "arn:aws:s3:::archive-west")
                .map(bucket -> need(action, bucket + key));
    }

    private static Stream<Need> launched(String action) {
        return join(
                needs(action, OURS, "image"),
                needs(action, Map.of(), "snapshot", "network-interface", "key-pair"),
                needs(
                        action,
                        Map.of("aws:RequestTag/amikeeper:restore", List.of("…")),
                        "instance",
                        "volume"),
                // Of a shared VPC.
                Stream.of("subnet", "security-group")
                        .map(kind ->
                                need(action, "arn:aws:ec2:us-west-2:999988887777:" + kind + "/1")),
                tagsOnCreation("RunInstances", "instance", "volume", "network-interface"),
                Stream.of(
                        need(
                                "iam:PassRole",
                                PROFILE,
                                Map.of("iam:PassedToService", List.of("ec2.amazonaws.com")))));
    }

    /** Of encrypted volumes and copies. */
    private static Stream<Need> volumeKey() {
        return Stream.concat(
                Stream.of(
                                "DescribeKey",
                                "Decrypt",
                                "GenerateDataKeyWithoutPlaintext",
                                "ReEncryptFrom",
                                "ReEncryptTo")
                        .map(action -> need("kms:" + action, KEY)),
                Stream.of(
                        need(
                                "kms:CreateGrant",
                                KEY,
                                Map.of("kms:GrantIsForAWSResource", List.of("true")))));
    }

    private static Stream<Need> kms(String key, String service, String... actions) {
        return Stream.of(actions)
                .map(action ->
                        need(
                                "kms:" + action,
                                key,
                                Map.of(
                                        "kms:ViaService",
                                        List.of(service + ".us-east-1.amazonaws.com"))));
    }

    private static Stream<Need> tagsOnCreation(String action, String... kinds) {
        return needs("ec2:CreateTags", Map.of("ec2:CreateAction", List.of(action)), kinds);
    }

    private static Stream<Need> needs(
            String action, Map<String, List<String>> context, String... kinds) {
        return Stream.of(kinds).map(kind -> need(action, ec2(kind), context));
    }

    private static Need need(String action, String resource) {
        return need(action, resource, Map.of());
    }

    private static Need need(String action, String resource, Map<String, List<String>> context) {
        return new Need(action, resource, context);
    }

    @SafeVarargs
    @SuppressWarnings("varargs") // they are only read
    private static Stream<Need> join(Stream<Need>... needs) {
        return Arrays.stream(needs).flatMap(it -> it);
    }

    /** Images and snapshots have no account in their ARNs. */
    private static String ec2(String kind) {
        boolean shared = kind.equals("image") || kind.equals("snapshot");
        return "arn:aws:ec2:us-west-2:" + (shared ? "" : Role.ACCOUNT) + ":" + kind + "/1";
    }

    private static String queue(String name) {
        return "arn:aws:sqs:us-east-1:123456789012:" + name;
    }

    private static Map<String, List<String>> tagged(String key, String value) {
        return Map.of("aws:ResourceTag/" + key, List.of(value));
    }

    private static Map<String, List<String>> with(
            Map<String, List<String>> context, String key, String value) {
        Map<String, List<String>> all = new HashMap<>(context);
        all.put(key, List.of(value));
        return all;
    }

    private static String action(String service, AwsCall call) {
        return service
                + ":"
                + call.call().substring(0, 1).toUpperCase(Locale.ROOT)
                + call.call().substring(1);
    }

    private static AssertionError unknown(AwsCall call) {
        return new AssertionError(
                call + " is new: say in PermissionsTest what it needs, and grant that");
    }
}
