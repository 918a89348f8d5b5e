package dev.amikeeper.catalog;

import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Texts;

import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Writes values into items and reads them back. The error for an unreadable value names the
 * attribute and shows its content.
 */
final class Attributes {
    /** Tombstones, failures, notices and runs are kept for a year. */
    private static final Duration YEAR = Duration.ofDays(366);

    static ImageName name(Map<String, AttributeValue> item) {
        String text = string(item, "name");
        return ImageName.parse(text)
                .orElseThrow(() -> new IllegalStateException("its name is " + Texts.quoted(text)));
    }

    static Region region(Map<String, AttributeValue> item) {
        return new Region(string(item, "region"));
    }

    static Optional<String> optional(Map<String, AttributeValue> item, String name) {
        return item.containsKey(name) ? Optional.of(string(item, name)) : Optional.empty();
    }

    static String string(Map<String, AttributeValue> item, String name) {
        AttributeValue value = attribute(item, name);
        if (value.s() == null) {
            throw wrong(name, value);
        }
        return value.s();
    }

    static Instant time(Map<String, AttributeValue> item, String name) {
        String text = string(item, name);
        try {
            return Instant.parse(text);
        } catch (DateTimeException notATime) {
            throw wrong(name, Texts.quoted(text), notATime);
        }
    }

    static <E extends Enum<E>> E word(
            Map<String, AttributeValue> item, String name, Class<E> words) {
        String text = string(item, name);
        try {
            return Enum.valueOf(words, text);
        } catch (IllegalArgumentException unknown) {
            throw wrong(name, Texts.quoted(text), unknown);
        }
    }

    static boolean truth(Map<String, AttributeValue> item, String name) {
        AttributeValue value = attribute(item, name);
        if (value.bool() == null) {
            throw wrong(name, value);
        }
        return value.bool();
    }

    private static IllegalStateException wrong(String name, AttributeValue value) {
        return new IllegalStateException("its " + name + " is of the type " + value.type());
    }

    private static IllegalStateException wrong(String name, String value, Exception cause) {
        return new IllegalStateException("its " + name + " is " + value, cause);
    }

    static int integer(Map<String, AttributeValue> item, String name) {
        return Math.toIntExact(integral(item, name));
    }

    static long integral(Map<String, AttributeValue> item, String name) {
        AttributeValue value = attribute(item, name);
        if (value.n() == null) {
            throw wrong(name, value);
        }
        return Long.parseLong(value.n());
    }

    static AttributeValue attribute(Map<String, AttributeValue> item, String name) {
        AttributeValue value = item.get(name);
        if (value == null) {
            throw new IllegalStateException("it has no " + name);
        }
        return value;
    }

    static AttributeValue number(long value) {
        return AttributeValue.fromN(Long.toString(value));
    }

    static AttributeValue texts(List<?> values) {
        return AttributeValue.fromL(values.stream().map(Attributes::text).toList());
    }

    static Stream<String> strings(Map<String, AttributeValue> item, String name) {
        AttributeValue list = attribute(item, name);
        if (!list.hasL() || list.l().stream().anyMatch(text -> text.s() == null)) {
            throw wrong(name, list);
        }
        return list.l().stream().map(AttributeValue::s);
    }

    /** Reads the texts of an attribute that earlier versions did not write. */
    static List<String> optionalTexts(Map<String, AttributeValue> item, String name) {
        return item.containsKey(name) ? strings(item, name).toList() : List.of();
    }

    static AttributeValue text(Object value) {
        return AttributeValue.fromS(value.toString());
    }

    static Map<String, String> map(Map<String, AttributeValue> item, String name) {
        AttributeValue value = item.get(name);
        if (value == null) {
            return Map.of();
        }
        if (!value.hasM()) {
            throw wrong(name, value);
        }
        Map<String, String> texts = new HashMap<>();
        // A newer version wrote the values that are not texts.
        value.m()
                .forEach((key, text) -> {
                    if (text.s() != null) {
                        texts.put(key, text.s());
                    }
                });
        return texts;
    }

    static AttributeValue map(Map<String, String> texts) {
        return AttributeValue.fromM(
                texts.entrySet().stream()
                        .collect(
                                Collectors.toMap(
                                        Map.Entry::getKey, text -> text(text.getValue()))));
    }

    static AttributeValue expiry(Instant from) {
        return number(from.plus(YEAR).getEpochSecond());
    }

    private Attributes() {}
}
