package dev.amikeeper.event;

import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import com.amazonaws.services.lambda.runtime.serialization.events.LambdaEventSerializers;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The sample inputs in {@code events/}, parsed as Lambda does. */
public final class Samples {
    private static final Path FOLDER = Path.of("events");
    private static final TypeReference<Map<String, Object>> INPUT = new TypeReference<>() {};

    private Samples() {}

    /** The names of all files. */
    public static List<String> names() {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A delivery of SQS, parsed as Lambda does. */
    public static SQSEvent delivery(String name) {
        return delivery(read(name));
    }

    /** The same of what a test makes up. */
    public static SQSEvent delivery(Map<String, Object> input) {
        try {
            return LambdaEventSerializers.serializerFor(
                            SQSEvent.class, Samples.class.getClassLoader())
                    .fromJson(new ObjectMapper().writeValueAsString(input));
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A file's content; may be changed. */
    public static Map<String, Object> read(String name) {
        try {
            return new ObjectMapper().readValue(Files.readString(FOLDER.resolve(name)), INPUT);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
