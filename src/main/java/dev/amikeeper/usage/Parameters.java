package dev.amikeeper.usage;

import dev.amikeeper.ec2.Batches;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.image.Region;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ssm.SsmClient;
import software.amazon.awssdk.services.ssm.model.GetParametersResponse;
import software.amazon.awssdk.services.ssm.model.Parameter;
import software.amazon.awssdk.services.ssm.model.ParameterMetadata;
import software.amazon.awssdk.services.ssm.model.ParameterStringFilter;
import software.amazon.awssdk.services.ssm.model.ParameterType;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Finds the Systems Manager parameters that name an image, by their data type or anywhere in plain
 * text. Encrypted parameters are not decrypted, so nothing is known about them; the report says how
 * many there are.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-ec2-aliases.html">Native
 *     parameter support for AMI ids</a>
 */
final class Parameters {
    private static final String IMAGE = "aws:ec2:image";
    private static final String LIST = "ssm:DescribeParameters";
    private static final String READ = "ssm:GetParameters";
    private static final int NAMES_A_PAGE = 50;
    private static final int VALUES_A_CALL = 10;
    private static final int NAMES_A_FILTER = 50;
    private static final Pattern IN_TEXT = Pattern.compile("\\bami-[0-9a-f]{1,40}\\b");

    private final SsmClient client;
    private final Users users;
    private final Map<String, String> denied = new HashMap<>();
    private final List<String> invalid = new ArrayList<>();

    private Parameters(SsmClient client, Users users) {
        this.client = client;
        this.users = users;
    }

    static Probe probe(Function<Region, SsmClient> clients) {
        return new Probe(
                "parameters",
                (region, users) -> new Parameters(clients.apply(region), users).look());
    }

    private void look() {
        users.calling(LIST);
        List<ParameterMetadata> all = list(List.of());
        List<String> names =
                all.stream().filter(it -> !isEncrypted(it)).map(ParameterMetadata::name).toList();
        int encrypted = all.size() - names.size();
        if (encrypted > 0) {
            users.leaving(encrypted + " SecureString not read");
        }
        users.calling(READ);
        for (List<String> some : Batches.of(names, VALUES_A_CALL)) {
            read(some);
        }
        denied.forEach((name, why) ->
                users.addUnresolved("parameter " + name + " could not be read: " + why));
        if (!invalid.isEmpty()) {
            sayWhatIsLeft();
        }
    }

    private List<ParameterMetadata> list(List<ParameterStringFilter> filters) {
        return client
                .describeParametersPaginator(
                        request -> request.maxResults(NAMES_A_PAGE).parameterFilters(filters))
                .stream()
                .flatMap(page -> page.parameters().stream())
                .toList();
    }

    private static boolean isEncrypted(ParameterMetadata parameter) {
        return parameter.type() == ParameterType.SECURE_STRING;
    }

    /**
     * Reads up to ten parameters. If the role may not read one of them, all ten are refused, and
     * each is read alone.
     */
    private void read(List<String> some) {
        try {
            GetParametersResponse answer = client.getParameters(request -> request.names(some));
            answer.parameters().forEach(this::found);
            invalid.addAll(answer.invalidParameters());
        } catch (SdkException error) {
            if (Fault.of(error) != Fault.DENIED) {
                throw error;
            }
            if (some.size() > 1) {
                some.forEach(this::readAlone);
            }
            if (some.size() == 1 || denied.keySet().containsAll(some)) {
                throw error;
            }
        }
    }

    private void readAlone(String name) {
        try {
            read(List.of(name));
        } catch (SdkException error) {
            if (Fault.of(error) != Fault.DENIED) {
                throw error;
            }
            denied.put(name, Fault.text(error, READ));
        }
    }

    private void found(Parameter parameter) {
        String user = "parameter " + parameter.name();
        if (IMAGE.equals(parameter.dataType())) {
            users.add(parameter.value(), user);
        } else {
            IN_TEXT.matcher(parameter.value())
                    .results()
                    .forEach(image -> users.add(image.group(), user));
        }
    }

    /**
     * Reports invalid parameters that still exist. One that was deleted since it was listed names
     * nothing any more.
     */
    private void sayWhatIsLeft() {
        users.calling(LIST);
        for (List<String> some : Batches.of(invalid, NAMES_A_FILTER)) {
            list(List.of(
                            ParameterStringFilter.builder()
                                    .key("Name")
                                    .option("Equals")
                                    .values(some)
                                    .build()))
                    .forEach(left ->
                            users.addUnresolved("parameter " + left.name() + " could not be read"));
        }
    }
}
