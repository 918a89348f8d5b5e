package dev.amikeeper;

import static dev.amikeeper.Templates.at;
import static dev.amikeeper.Templates.find;
import static dev.amikeeper.Templates.list;
import static dev.amikeeper.Templates.map;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the template grants a function, with values for its parameters: the statements of its own
 * policies and of the managed ones that it is given. Evaluates requests as IAM does, as far as
 * these statements go: none of them denies.
 *
 * @param statements every one allows something
 */
record Role(List<Statement> statements) {
    static final String ACCOUNT = "123456789012";
    static final String REGION = "us-east-1";

    Role {
        statements = List.copyOf(statements);
    }

    /**
     * A statement that allows actions on resources.
     *
     * @param policy the managed policy or, of its own, the function
     * @param conditions operator, key, values
     */
    record Statement(
            String policy,
            List<String> actions,
            List<String> resources,
            Map<String, Map<String, List<String>>> conditions) {
        @Override
        public String toString() {
            return policy + " " + actions;
        }

        boolean allows(Need need) {
            return actions.stream().anyMatch(action -> matches(action, need.action(), true))
                    && resources.stream().anyMatch(it -> matches(it, need.resource(), false))
                    && conditions.entrySet().stream()
                            .allMatch(operator ->
                                    operator.getValue().entrySet().stream()
                                            .allMatch(key ->
                                                    holds(
                                                            operator.getKey(),
                                                            need.context()
                                                                    .getOrDefault(
                                                                            key.getKey(),
                                                                            List.of()),
                                                            key.getValue())));
        }

        private static boolean holds(String operator, List<String> values, List<String> wanted) {
            boolean wildcards = operator.endsWith("Like");
            Function<String, Boolean> fits =
                    value ->
                            wanted.stream()
                                    .anyMatch(pattern ->
                                            wildcards
                                                    ? matches(pattern, value, false)
                                                    : pattern.equals(value));
            return switch (operator) {
                case "Null" -> values.isEmpty() == Boolean.parseBoolean(wanted.getFirst());
                case "StringEquals", "StringLike", "Bool" ->
                        !values.isEmpty() && fits.apply(values.getFirst());
                case "ForAnyValue:StringEquals" -> values.stream().anyMatch(fits::apply);
                case "ForAllValues:StringEquals", "ForAllValues:StringLike" ->
                        values.stream().allMatch(fits::apply);
                default -> throw new AssertionError("teach Role the operator " + operator);
            };
        }
    }

    /**
     * What a call needs.
     *
     * @param context the keys of the request that a policy may ask for
     */
    record Need(String action, String resource, Map<String, List<String>> context) {
        Need {
            context = Map.copyOf(context);
        }

        @Override
        public String toString() {
            return action + " on " + resource + (context.isEmpty() ? "" : " with " + context);
        }
    }

    boolean allows(Need need) {
        return statements.stream().anyMatch(statement -> statement.allows(need));
    }

    /** The same without one statement. */
    Role without(Statement one) {
        return new Role(statements.stream().filter(it -> !it.equals(one)).toList());
    }

    static boolean matches(String pattern, String text, boolean anyCase) {
        String regex =
                Stream.of(pattern.split("((?<=[*?])|(?=[*?]))", -1))
                        .map(part ->
                                switch (part) {
                                    case "*" -> ".*";
                                    case "?" -> ".";
                                    default -> Pattern.quote(part);
                                })
                        .collect(Collectors.joining());
        return Pattern.compile(regex, anyCase ? Pattern.CASE_INSENSITIVE : 0)
                .matcher(text)
                .matches();
    }

    /**
     * The role of a function, in a deployment with these parameters; the others are as they are by
     * default.
     */
    static Role of(Object template, String function, Map<String, String> parameters) {
        return new Role(new Reader(template, parameters).statements(function));
    }

    /** Resolves what CloudFormation would. */
    private record Reader(Object template, Map<String, String> parameters) {
        /** What stands for nothing in a list or map. */
        private static final Object NOTHING = new Object();

        List<Statement> statements(String function) {
            List<Statement> statements = new ArrayList<>();
            Object policies = at(template, "Resources." + function + ".Properties.Policies");
            for (Object policy : list(resolved(policies))) {
                if (policy instanceof String managed) {
                    Object document =
                            at(
                                    template,
                                    "Resources."
                                            + managed
                                            + ".Properties.PolicyDocument.Statement");
                    statements.addAll(statements(managed, resolved(document)));
                } else {
                    statements.addAll(statements(function, at(policy, "Statement")));
                }
            }
            return statements;
        }

        private static List<Statement> statements(String policy, Object all) {
            List<Statement> statements = new ArrayList<>();
            for (Object statement : list(all)) {
                if (!at(statement, "Effect").equals("Allow")) {
                    throw new AssertionError("teach Role to deny: " + statement);
                }
                statements.add(
                        new Statement(
                                policy,
                                texts(at(statement, "Action")),
                                texts(at(statement, "Resource")),
                                find(statement, "Condition").stream()
                                        .flatMap(conditions -> map(conditions).entrySet().stream())
                                        .collect(
                                                Collectors.toMap(
                                                        Map.Entry::getKey,
                                                        operator ->
                                                                map(operator.getValue())
                                                                        .entrySet()
                                                                        .stream()
                                                                        .collect(
                                                                                Collectors.toMap(
                                                                                        Map.Entry
                                                                                                ::getKey,
                                                                                        key ->
                                                                                                texts(
                                                                                                        key
                                                                                                                .getValue())))))));
            }
            return statements;
        }

        private static List<String> texts(Object one) {
            return one instanceof List<?> several
                    ? several.stream().map(String::valueOf).toList()
                    : List.of(String.valueOf(one));
        }

        private Object resolved(Object node) {
            return switch (node) {
                case List<?> list ->
                        list.stream().map(this::resolved).filter(it -> it != NOTHING).toList();
                case Map<?, ?> map when map.size() == 1 && map.containsKey("Ref") ->
                        ref((String) Objects.requireNonNull(map.get("Ref")));
                case Map<?, ?> map when map.size() == 1 && map.containsKey("GetAtt") ->
                        arn(
                                ((String) Objects.requireNonNull(map.get("GetAtt")))
                                        .split("[.]", 2)[0]);
                case Map<?, ?> map when map.size() == 1 && map.get("If") instanceof List<?> it ->
                        resolved(it.get(condition((String) it.getFirst()) ? 1 : 2));
                case Map<?, ?> map when map.size() == 1 && map.containsKey("Sub") ->
                        sub(Objects.requireNonNull(map.get("Sub")));
                case Map<?, ?> map when map.size() == 1 && map.get("Join") instanceof List<?> it ->
                        list(resolved(it.get(1))).stream()
                                .map(String::valueOf)
                                .collect(Collectors.joining((String) it.getFirst()));
                case Map<?, ?> map when map.size() == 1 && map.get("Split") instanceof List<?> it ->
                        List.of(((String) resolved(it.get(1))).split((String) it.getFirst(), -1));
                case Map<?, ?> map ->
                        map(map).entrySet().stream()
                                .collect(
                                        Collectors.toMap(
                                                Map.Entry::getKey,
                                                entry -> resolved(entry.getValue())));
                default -> node;
            };
        }

        private Object ref(String name) {
            return switch (name) {
                case "AWS::NoValue" -> NOTHING;
                case "AWS::Partition" -> "aws";
                case "AWS::Region" -> REGION;
                case "AWS::AccountId" -> ACCOUNT;
                case "AWS::URLSuffix" -> "amazonaws.com";
                default ->
                        find(template, "Parameters." + name)
                                .<Object>map(parameter -> {
                                    String value =
                                            parameters.getOrDefault(
                                                    name, String.valueOf(at(parameter, "Default")));
                                    return at(parameter, "Type").equals("CommaDelimitedList")
                                            ? List.of(value.split(",", -1))
                                            : value;
                                })
                                .orElseGet(() -> type(name).endsWith("Topic") ? arn(name) : name);
            };
        }

        private String type(String resource) {
            return (String) at(template, "Resources." + resource + ".Type");
        }

        private String arn(String resource) {
            String service = type(resource).split("::", -1)[1].toLowerCase(Locale.ROOT);
            return "arn:aws:%s:%s:%s:%s%s"
                    .formatted(
                            service,
                            REGION,
                            ACCOUNT,
                            service.equals("dynamodb") ? "table/" : "",
                            resource);
        }

        private String sub(Object of) {
            String text = (String) (of instanceof List<?> list ? list.getFirst() : of);
            Map<String, Object> own = of instanceof List<?> list ? map(list.get(1)) : Map.of();
            return Pattern.compile("\\$\\{([^}]+)}")
                    .matcher(text)
                    .replaceAll(match -> {
                        String name = match.group(1);
                        return Matcher.quoteReplacement(
                                (String)
                                        Optional.ofNullable(own.get(name))
                                                .map(this::resolved)
                                                .orElseGet(() -> ref(name)));
                    });
        }

        private boolean condition(String name) {
            return holds(at(template, "Conditions." + name));
        }

        private boolean holds(Object condition) {
            return find(condition, "Not")
                    .map(not -> !holds(Objects.requireNonNull(list(not).getFirst())))
                    .orElseGet(() -> {
                        List<?> both = list(at(condition, "Equals"));
                        return resolved(Objects.requireNonNull(both.get(0)))
                                .equals(resolved(Objects.requireNonNull(both.get(1))));
                    });
        }
    }
}
