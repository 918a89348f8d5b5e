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
 *     href="https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-ec2-aliases.html">Native
 *     parameter support for AMI ids</a>
 */
final class Parameters {
    private static final String IMAGE = "aws:ec2:image";
    private static final int NAMES_A_PAGE = 50;
    private static final int VALUES_A_CALL = 10;

    /** Only texts can have that data type; it is told of each, so it needs no filter. */
    private static final ParameterStringFilter TEXTS =
            ParameterStringFilter.builder().key("Type").option("Equals").values("String").build();

    private Parameters() {}

    static void look(SsmClient client, Users users) {
        users.calling("ssm:DescribeParameters");
        List<String> names =
                client
                        .describeParametersPaginator(
                                request -> request.maxResults(NAMES_A_PAGE).parameterFilters(TEXTS))
                        .stream()
                        .flatMap(page -> page.parameters().stream())
                        .filter(parameter -> IMAGE.equals(parameter.dataType()))
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
