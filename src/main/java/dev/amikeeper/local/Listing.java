package dev.amikeeper.local;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * How describing calls filter and page one kind of resource.
 *
 * @param key orders the resources. A page ends with one key and the next begins after it, so that
 *     what comes or goes between two pages neither hides nor repeats another.
 * @param fields what the filters with these names match
 * @see <a href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html">Filters
 *     and wildcards</a>
 */
record Listing<T>(
        Function<T, String> key,
        Function<T, List<Tag>> tags,
        Map<String, Function<T, Stream<@Nullable String>>> fields) {
    private static final int LEAST = 5;
    private static final int MOST = 1000;

    /** A page of a listing. */
    record Page<T>(List<T> items, @Nullable String nextToken) {}

    /** The resources that pass every filter, ordered by key. */
    Stream<T> filter(Stream<T> things, List<Filter> filters) {
        return things.filter(
                filters.stream().map(this::predicate).reduce(_ -> true, Predicate::and));
    }

    /** The page that begins after the token. */
    Page<T> page(Stream<T> things, @Nullable Integer maxResults, @Nullable String token) {
        if (maxResults != null && (maxResults < LEAST || maxResults > MOST)) {
            throw Ec2Errors.invalidValue(
                    "Value ( " + maxResults + " ) for parameter maxResults is invalid.");
        }
        return cut(things, maxResults == null ? Integer.MAX_VALUE : maxResults, token);
    }

    /** The page of those that pass every filter, beginning after the token. */
    Page<T> page(
            Stream<T> things,
            List<Filter> filters,
            @Nullable Integer maxResults,
            @Nullable String token) {
        return page(filter(things, filters), maxResults, token);
    }

    /** The page of at most this many resources that begins after the token. */
    Page<T> cut(Stream<T> things, int size, @Nullable String token) {
        String after = token == null ? "" : decode(token);
        List<T> items =
                things.filter(thing -> key.apply(thing).compareTo(after) > 0)
                        .limit(size + 1L)
                        .toList();
        if (items.size() <= size) {
            return new Page<>(items, null);
        }
        List<T> page = items.subList(0, size);
        return new Page<>(page, encode(key.apply(page.getLast())));
    }

    /** The page of at most this many that pass every filter, beginning after the token. */
    Page<T> cut(Stream<T> things, List<Filter> filters, int size, @Nullable String token) {
        return cut(filter(things, filters), size, token);
    }

    /** Whether a request that names these, or names none, means this one. */
    static boolean isAmong(Collection<String> wanted, String it) {
        return wanted.isEmpty() || wanted.contains(it);
    }

    private Predicate<T> predicate(Filter filter) {
        Predicate<String> matches =
                filter.values().stream().map(Listing::matching).reduce(_ -> false, Predicate::or);
        Function<T, Stream<@Nullable String>> field = field(filter.name());
        return thing -> field.apply(thing).anyMatch(value -> value != null && matches.test(value));
    }

    private Function<T, Stream<@Nullable String>> field(String name) {
        if (name.startsWith("tag:")) {
            String tagKey = name.substring("tag:".length());
            return thing ->
                    tags.apply(thing).stream()
                            .filter(tag -> tag.key().equals(tagKey))
                            .map(Tag::value);
        }
        if (name.equals("tag-key")) {
            return thing -> tags.apply(thing).stream().map(Tag::key);
        }
        Function<T, Stream<@Nullable String>> field = fields.get(name);
        if (field == null) {
            throw Ec2Errors.invalidValue("The filter '" + name + "' is invalid");
        }
        return field;
    }

    private static Predicate<String> matching(String value) {
        boolean isPlain = value.chars().noneMatch(c -> c == '*' || c == '?' || c == '\\');
        return isPlain ? value::equals : wildcard(value).asMatchPredicate();
    }

    /** {@code *} matches any text, {@code ?} one character; {@code \} makes them literal. */
    private static Pattern wildcard(String value) {
        StringBuilder regex = new StringBuilder();
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '*' -> regex.append(".*");
                case '?' -> regex.append('.');
                case '\\' -> {
                    i = Math.min(i + 1, value.length() - 1);
                    regex.append(Pattern.quote(value.substring(i, i + 1)));
                }
                default -> regex.append(Pattern.quote(value.substring(i, i + 1)));
            }
        }
        return Pattern.compile(regex.toString(), Pattern.DOTALL);
    }

    private static String encode(String key) {
        return Base64.getUrlEncoder().encodeToString(key.getBytes(StandardCharsets.UTF_8));
    }

    private static String decode(String token) {
        try {
            return new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException notOurs) {
            throw Ec2Errors.invalidValue("Unable to parse pagination token");
        }
    }
}
