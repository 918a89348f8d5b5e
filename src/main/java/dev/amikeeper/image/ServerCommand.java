package dev.amikeeper.image;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A command that Systems Manager runs on a server.
 *
 * @param document the name of the document to run
 * @param parameters the values of the document's parameters, by name; the others keep the
 *     document's defaults
 * @param within its time limit
 */
public record ServerCommand(
        String document, Map<String, List<String>> parameters, Duration within) {
    public ServerCommand {
        Map<String, List<String>> copied = new HashMap<>();
        parameters.forEach((name, values) -> copied.put(name, List.copyOf(values)));
        parameters = Map.copyOf(copied);
    }
}
