package dev.amikeeper.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

import dev.amikeeper.local.LocalDeployment;
import dev.amikeeper.local.RecordedCloud;
import dev.amikeeper.local.SimulatedCloud;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What an earlier version wrote into the table means the same to this one. Each fixture holds the
 * items of every kind that a version wrote, what EC2 showed at that moment, and what that version
 * answered.
 */
final class StoredItemsTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String TABLE = "catalogue";
    private static final JsonNode NOW = now();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "images",
                "work",
                "removed",
                "schedules",
                "restores",
                "notices",
                "sweep",
                "why",
                "plan",
                "prune",
                "restore"
            })
    void whatTheFirstVersionWroteMeansTheSame(String part) throws IOException {
        List<String> differences = new ArrayList<>();
        compare(part, json("39c78ed", "answers.json").get(part), NOW.path(part), differences);
        assertThat(differences).isEmpty();
    }

    /** As that version's table of keys has them: a kind of item, and where it stands. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "[a-z0-9-]+/images/[a-z]+",
                "[a-z0-9-]+/ami/ami-[0-9a-z]+",
                "[a-z0-9-]+/work/create-waiting",
                "[a-z0-9-]+/work/create-under-way",
                "[a-z0-9-]+/work/copy-waiting",
                "[a-z0-9-]+/work/copy-under-way",
                "[a-z0-9-]+/work/retiring",
                "[a-z0-9-]+/work/storing",
                "[a-z0-9-]+/work/given-up",
                "[a-z0-9-]+/removed/[a-z]+",
                "bookmarks",
                "runs/[a-z]+",
                "marks/[a-z]+",
                "restores/[a-z]+",
                "restoring",
                "sweep",
                "notices",
                "open",
                "unannounced"
            })
    void theFixtureHasItemsOfEveryKind(String partition) throws IOException {
        assertThat(json("39c78ed", "items.json"))
                .anyMatch(item -> text(item, "pk").matches("\\d{12}/" + partition));
    }

    /** Each value that an attribute of few values had in that version, homes and copies apart. */
    @ParameterizedTest
    @CsvSource({
        "state, REQUESTED CREATING AVAILABLE DISABLED FAILED",
        "state of a copy, REQUESTED CREATING AVAILABLE DISABLING DISABLED ENABLING RETIRING FAILED",
        "trigger, SCHEDULED TAGGED STOPPED REQUESTED",
        "stored, WAITING STORING STORED FETCHING GIVEN_UP",
        "adopted, false true",
        "shared, false true",
        "disabled, false true",
        "notice, EVENT TROUBLE",
        "told, false true",
        "ended, false true",
        "restore, DRILL LAUNCH REPLACE_ROOT",
        "bookmark, cursor region",
        "run, missed taken"
    })
    void theFixtureHasEveryValue(String what, String values) throws IOException {
        Set<String> found = new TreeSet<>();
        for (JsonNode item : json("39c78ed", "items.json")) {
            String kind = text(item, "pk").replaceFirst(".*?/(images|removed|[a-z]+$).*", "$1");
            value(what, kind, item).ifPresent(found::add);
        }
        assertThat(found).containsExactlyInAnyOrder(values.split(" ", -1));
    }

    private static Optional<String> value(String what, String kind, JsonNode item) {
        boolean isImage = item.has("trigger");
        boolean isNotice = kind.equals("notices");
        return switch (what) {
            case "state" -> only(kind.equals("images") && !item.has("home"), text(item, what));
            case "state of a copy" ->
                    only(kind.equals("images") && item.has("home"), text(item, "state"));
            case "trigger" -> only(isImage, text(item, what));
            case "adopted", "shared", "disabled" ->
                    only(isImage, item.path(what).path("BOOL").asText());
            case "stored" -> only(item.has("stored"), text(item.path("stored").path("M"), "state"));
            case "notice" -> only(isNotice, text(item, "kind"));
            case "told" -> only(kind.equals("unannounced"), String.valueOf(item.has("telling")));
            case "ended" -> only(isNotice, String.valueOf(item.has("resolved")));
            case "restore" -> only(item.has("reached"), text(item, "kind"));
            case "bookmark" ->
                    only(kind.equals("bookmarks"), item.has("policy") ? "cursor" : "region");
            case "run" -> only(item.has("slot"), item.has("first") ? "missed" : "taken");
            default -> throw new AssertionError(what);
        };
    }

    private static Optional<String> only(boolean isSo, String value) {
        return isSo ? Optional.of(value) : Optional.empty();
    }

    private static String text(JsonNode item, String attribute) {
        return item.path(attribute).path("S").asText();
    }

    private static JsonNode now() {
        try {
            return answers(
                    text("39c78ed", "policies.yaml"),
                    json("39c78ed", "items.json"),
                    json("39c78ed", "cloud.json"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static JsonNode answers(String policies, JsonNode items, JsonNode listing) {
        SimulatedCloud cloud = RecordedCloud.cloud(listing);
        String home = StoredScene.HOME.name();
        RecordedCloud.put(items, cloud, home, TABLE);
        LocalDeployment deployment =
                LocalDeployment.inMemory(cloud, StoredScene.HOME, StoredScene.read(policies));
        return StoredAnswers.of(
                deployment.application(),
                Set.of("gold", "silver", "bronze"),
                deployment.prune(cloud.now(), true));
    }

    /** What was said then is said now; more may be said. */
    private static void compare(String at, JsonNode then, JsonNode now, List<String> differences) {
        if (then.isObject() && now.isObject()) {
            then.forEachEntry((name, value) ->
                    compare(at + " > " + name, value, now.path(name), differences));
        } else if (!then.toString().equals(now.toString())) {
            differences.add("%s was %s and is %s".formatted(at, then, now));
        }
    }

    static String text(String version, String file) throws IOException {
        try (InputStream in =
                Objects.requireNonNull(
                        StoredItemsTest.class.getResourceAsStream(
                                "/stored/" + version + "/" + file))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static JsonNode json(String version, String file) throws IOException {
        return JSON.readTree(text(version, file));
    }
}
