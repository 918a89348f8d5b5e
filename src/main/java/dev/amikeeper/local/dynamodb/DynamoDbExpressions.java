package dev.amikeeper.local.dynamodb;

import dev.amikeeper.local.DynamoDbErrors;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.core.util.SdkAutoConstructMap;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

import java.math.BigDecimal;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The conditions and filters of one request, in the forms that the catalogue uses: {@code
 * attribute_not_exists(name)}, {@code name = :value} and {@code name <= :value}, joined by AND and
 * OR. The only plain names that it accepts are those of the keys, because it does not know which
 * others are reserved words.
 */
final class DynamoDbExpressions {
    private static final Pattern ABSENT = Pattern.compile("attribute_not_exists\\((#?\\w+)\\)");
    private static final Pattern COMPARISON = Pattern.compile("(#?\\w+) (=|<=) (:\\w+)");
    private static final Set<String> PLAIN = Set.of("pk", "sk", "gpk", "gsk");

    private final Map<String, String> names;
    private final Map<String, AttributeValue> values;
    private final Set<String> used = new HashSet<>();

    DynamoDbExpressions(Map<String, String> names, Map<String, AttributeValue> values) {
        for (Map<?, ?> given : List.of(names, values)) {
            if (given.isEmpty() && !(given instanceof SdkAutoConstructMap)) {
                throw DynamoDbErrors.invalid("Names and values must not be empty");
            }
        }
        this.names = names;
        this.values = values;
    }

    /** The condition that an expression states; always true if there is no expression. */
    Predicate<Map<String, AttributeValue>> condition(@Nullable String expression) {
        return expression == null
                ? _ -> true
                : Stream.of(expression.split(" OR ", -1))
                        .map(this::all)
                        .reduce(Predicate::or)
                        .orElseThrow();
    }

    /**
     * The value that a key condition requires an attribute to equal.
     *
     * @throws UnsupportedOperationException if the condition has another form
     */
    AttributeValue equal(String attribute, @Nullable String expression) {
        Matcher comparison = COMPARISON.matcher(String.valueOf(expression));
        if (!comparison.matches()
                || !comparison.group(2).equals("=")
                || !name(comparison.group(1)).equals(attribute)) {
            throw new UnsupportedOperationException("the key condition " + expression);
        }
        return value(comparison.group(3));
    }

    /** Enforces DynamoDB's rule that every name and value is used. */
    void requireAllUsed() {
        Stream.concat(names.keySet().stream(), values.keySet().stream())
                .filter(placeholder -> !used.contains(placeholder))
                .findFirst()
                .ifPresent(unused -> {
                    throw DynamoDbErrors.invalid(unused + " is not used in an expression");
                });
    }

    private Predicate<Map<String, AttributeValue>> all(String expression) {
        return Stream.of(expression.split(" AND ", -1))
                .map(this::one)
                .reduce(Predicate::and)
                .orElseThrow();
    }

    private Predicate<Map<String, AttributeValue>> one(String expression) {
        Matcher absent = ABSENT.matcher(expression);
        if (absent.matches()) {
            String name = name(absent.group(1));
            return item -> !item.containsKey(name);
        }
        Matcher comparison = COMPARISON.matcher(expression);
        if (!comparison.matches()) {
            throw new UnsupportedOperationException("the expression " + expression);
        }
        String name = name(comparison.group(1));
        AttributeValue value = value(comparison.group(3));
        BiPredicate<AttributeValue, AttributeValue> holds =
                comparison.group(2).equals("=")
                        ? DynamoDbExpressions::isEqual
                        : DynamoDbExpressions::isAtMost;
        return item -> {
            AttributeValue actual = item.get(name);
            return actual != null && actual.type() == value.type() && holds.test(actual, value);
        };
    }

    private String name(String token) {
        if (!token.startsWith("#")) {
            if (!PLAIN.contains(token)) {
                throw new UnsupportedOperationException("the plain name " + token);
            }
            return token;
        }
        used.add(token);
        String name = names.get(token);
        if (name == null) {
            throw DynamoDbErrors.invalid("The attribute name " + token + " is not defined");
        }
        return name;
    }

    private AttributeValue value(String token) {
        used.add(token);
        AttributeValue value = values.get(token);
        if (value == null) {
            throw DynamoDbErrors.invalid("The attribute value " + token + " is not defined");
        }
        return value;
    }

    private static boolean isEqual(AttributeValue one, AttributeValue other) {
        return one.equals(other);
    }

    private static boolean isAtMost(AttributeValue one, AttributeValue other) {
        return switch (one.type()) {
            case N -> new BigDecimal(one.n()).compareTo(new BigDecimal(other.n())) <= 0;
            case S -> MemoryIndex.compare(one.s(), other.s()) <= 0;
            default -> throw new UnsupportedOperationException("the order of " + one.type());
        };
    }
}
