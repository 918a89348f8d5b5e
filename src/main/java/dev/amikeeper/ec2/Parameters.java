package dev.amikeeper.ec2;

import software.amazon.awssdk.services.ssm.SsmClient;
import software.amazon.awssdk.services.ssm.model.GetParametersResponse;
import software.amazon.awssdk.services.ssm.model.ParameterMetadata;
import software.amazon.awssdk.services.ssm.model.ParameterStringFilter;

import java.util.List;

/**
 * The parameters of Systems Manager that hold an image id, which is their data type.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterStringFilter.html">The
 *     filter</a>
 */
final class Parameters {
    private static final int NAMES_A_PAGE = 50;
    private static final int VALUES_A_CALL = 10;

    private static final ParameterStringFilter IMAGE_IDS =
            ParameterStringFilter.builder()
                    .key("DataType")
                    .option("Equals")
                    .values("aws:ec2:image")
                    .build();

    private Parameters() {}

    static void look(SsmClient client, Users users) {
        users.calling("ssm:DescribeParameters");
        List<String> names =
                client
                        .describeParametersPaginator(request ->
                                request.maxResults(NAMES_A_PAGE).parameterFilters(IMAGE_IDS))
                        .stream()
                        .flatMap(page -> page.parameters().stream())
                        .map(ParameterMetadata::name)
                        .toList();
        users.calling("ssm:GetParameters");
        for (List<String> some : Batches.of(names, VALUES_A_CALL)) {
            GetParametersResponse answer = client.getParameters(request -> request.names(some));
            answer.parameters()
                    .forEach(parameter ->
                            users.add(parameter.value(), "parameter " + parameter.name()));
            answer.invalidParameters()
                    .forEach(name ->
                            users.addUnresolved("parameter " + name + " could not be read"));
        }
    }
}
